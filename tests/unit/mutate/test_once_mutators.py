"""Retries, aborts, keys and reads after a deletion: which steps they make, and where."""

from __future__ import annotations

from random import Random

import pytest

from make import exchange, session
from replay.model.case import Expectation
from replay.model.errors import ConfigError
from replay.model.hint import CutPoint
from replay.model.once_key import once_key_of
from replay.mutate.abort import Abort
from replay.mutate.delete_then_read import DeleteThenRead
from replay.mutate.idempotency_key import IdempotencyKey
from replay.mutate.keys import another_key, with_key, without_key
from replay.mutate.plan import build_case, plan
from replay.mutate.retry import Retry

KEY = "0b6f5c6e-8f0a-4c6e-9a1d-6f2b8e4d7c1a"
BODY = {"reference": "Two seats in the front row", "amount": 5}
AUTH = {"Authorization": "Bearer token-of-acme"}
PAY = exchange("p", "POST", "/payments", 201, json=BODY, headers={**AUTH, "Idempotency-Key": KEY}, answer={"id": 7})
REFUND = exchange("f", "POST", "/refunds", 201, json=BODY, headers={**AUTH, "Idempotency-Key": "key-of-refund"})
MEMO = exchange("m", "POST", "/memos", 201, json={"text": "Ask about the delivery"}, headers=AUTH)
READ = exchange("r", "GET", "/memos/7", answer={"text": "x"}, headers=AUTH)
GONE = exchange("d", "DELETE", "/memos/7", 204, headers=AUTH)
SESSION = session("s", PAY, REFUND, MEMO, READ, GONE, tenant="acme", principal="anna")
THEIRS = exchange(
    "b", "POST", "/payments", 201, json=BODY, headers={"Authorization": "Bearer b", "Idempotency-Key": "theirs-000"}
)
OTHER = session("o", THEIRS, tenant="bolt", principal="bert")


def key_in(step: object) -> str:
    found = once_key_of(step.request)
    return found.value if found else ""


def steps_of(mutator: object, variant: str, exchange_id: str = "p") -> tuple:
    sites = mutator.sites(SESSION)
    site = next(one for one in sites if (one.exchange_id, one.variant) == (exchange_id, variant))
    made = mutator.apply(SESSION, site, Random(1))
    assert made == mutator.apply(SESSION, site, Random(1)), "the same seed makes the same steps"
    return tuple(step for step in made if step.mutated)


def test_an_aborted_request_is_sent_once() -> None:
    """Every break of its settings; without a body none inside of it."""
    (step,) = steps_of(Abort(), "waiting-50")
    assert step.cut is not None
    assert (step.cut.point, step.cut.share) == (CutPoint.WAITING, 0.5)
    assert step.request == PAY.request
    assert {site.variant for site in Abort().sites(SESSION) if site.exchange_id == "d"} == {
        "waiting-10", "waiting-50", "waiting-90"
    }  # fmt: skip
    assert Abort.expectation is Expectation.WHOLE


def test_a_retry_with_the_same_key_waits_for_a_lock() -> None:
    """Lost, at once, and where the target says "come back": after two seconds, and when a lock has had its time."""
    steps = steps_of(Retry(), "answered")
    assert [step.cut is not None for step in steps] == [True, False, False, False]
    assert [key_in(step) for step in steps] == [KEY] * 4
    assert [(step.wait_seconds, step.only_if_busy) for step in steps] == [
        (0.0, False), (0.0, False), (2.0, True), (60.0, True)
    ]  # fmt: skip
    assert [step.copy for step in steps] == [0, 1, 2, 3]


def test_a_retry_with_a_new_key_or_none_is_one_more_request() -> None:
    """The new key is one that every world makes anew; requests without a key have no such variants."""
    lost, again = steps_of(Retry(), "mid-body new-key")
    assert key_in(lost) == KEY
    assert key_in(again) not in {"", KEY}
    assert again.made_up == (key_in(again),)
    assert [key_in(step) for step in steps_of(Retry(), "answered no-key")] == [KEY, ""]
    assert not [site for site in Retry().sites(SESSION) if site.exchange_id == "m" and "key" in site.variant]


def test_another_body_under_the_same_key_and_under_a_new_one() -> None:
    first, second, third = steps_of(IdempotencyKey(), "other-body")
    assert (key_in(first), key_in(second)) == (KEY, KEY)
    assert key_in(third) == third.made_up[0] != KEY
    assert len({one.request.body.data for one in (first, second, third)}) == 3
    assert b'"amount":5' in second.request.body.data


def test_another_endpoint_gets_the_key_of_the_first() -> None:
    pay, refund = steps_of(IdempotencyKey(), "other-endpoint")
    assert (refund.exchange_id, refund.copy, key_in(refund)) == ("f", 1, KEY)
    assert refund.request.body == REFUND.request.body
    assert key_in(pay) == KEY


def test_another_tenant_sends_its_own_request_under_the_first_ones_key() -> None:
    """Then once more under its own: what is refused both times has nothing to do with keys."""
    targets = [one for one in plan((SESSION, OTHER), (IdempotencyKey(),), seed=1) if one.variant == "other-tenant"]
    target = next(one for one in targets if one.endpoint == "POST /payments")
    index = next(n for n, (owner, _) in enumerate(target.candidates) if owner is SESSION)
    case = build_case(target, index, (SESSION, OTHER), 1)
    assert case is not None
    judged = [step for step in case.steps if step.mutated]
    assert [(step.exchange_id, key_in(step)) for step in judged] == [("p", KEY), ("b", KEY), ("b", "theirs-000")]
    assert [step.copy for step in judged] == [0, 1, 2]


def test_without_another_tenant_there_is_no_case() -> None:
    """Said as `no-other-tenant`; two sessions of one tenant share rightly."""
    same = session("o", THEIRS, tenant="acme", principal="bert")
    for sessions in ((SESSION,), (SESSION, same)):
        (target,) = (
            one for one in plan((SESSION,), (IdempotencyKey(),), seed=1)
            if (one.variant, one.endpoint) == ("other-tenant", "POST /payments")
        )  # fmt: skip
        assert build_case(target, 0, sessions, 1) is None


def test_a_deleted_thing_is_read_before_and_after() -> None:
    """Only where the recording read the same target before."""
    steps = steps_of(DeleteThenRead(), "", "d")
    assert [(step.request.method, step.copy) for step in steps] == [("GET", 1), ("DELETE", 0), ("GET", 2)]
    assert not list(DeleteThenRead().sites(session("s", GONE)))


@pytest.mark.parametrize(
    "make",
    [lambda: Abort(at=("nowhere",)), lambda: Abort(at=()), lambda: Retry(at=("x",)), lambda: Retry(lock_seconds=1.0)],
)
def test_settings_that_make_no_sense_are_refused(make: object) -> None:
    with pytest.raises(ConfigError, match=r"mutators\.(abort|retry)"):
        make()


@pytest.mark.parametrize("key", [KEY, KEY.upper(), "deadbeef12", "Order-2026-xyz"])
def test_another_key_has_the_same_shape(key: str) -> None:
    made = another_key(key, Random(3))
    assert made != key
    assert len(made) == len(key)
    assert [one.isdigit() or one.isalpha() for one in made] == [one.isdigit() or one.isalpha() for one in key]


BODIES = [
    {"json": {"idempotency_key": KEY, "a": 1}},
    {"form": {"idempotency_key": KEY, "a": "1"}},
    {"headers": {"X-Idempotency-Key": KEY}, "json": {"a": 1}},
    {"headers": {"PayPal-Request-Id": KEY}, "json": {"a": 1}},
]


@pytest.mark.parametrize("message", BODIES)
def test_keys_are_replaced_and_removed_wherever_they_stand(message: dict) -> None:
    """Header aliases, JSON and form fields; everything else stays."""
    request = exchange("e", "POST", "/x", **message).request
    found = once_key_of(request)
    assert found is not None
    assert found.value == KEY
    changed, removed = once_key_of(with_key(request, "another-key")), without_key(request)
    assert changed is not None
    assert (changed.place, changed.value) == (found.place, "another-key")
    assert once_key_of(removed) is None
    assert b"a" in removed.body.data
    assert len(removed.body.data) == int(removed.headers.get("content-length", str(len(removed.body.data))))


def test_a_tracing_id_is_a_weak_key() -> None:
    """It is no place to build a probe on."""
    traced = exchange("e", "POST", "/x", 201, json={"request_id": KEY, "text": "Ask about the delivery"})
    found = once_key_of(traced.request)
    assert found is not None
    assert found.is_weak
    assert not list(IdempotencyKey().sites(session("s", traced)))
