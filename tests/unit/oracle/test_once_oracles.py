"""Idempotency, partial failure, serial envelope, HTTP semantics: each finds its fault, and is silent on what is right.

Whole runs against a service with these faults, and against its right twin: tests/quality/test_till.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from replay.model.case import Case, CaseId, Expectation, Mutation, Site
from replay.model.evidence import Attempt, Evidence, Part, Role, Trace
from replay.model.exchange import FaultKind
from replay.model.finding import Finding, Level
from replay.model.reading import RowChange
from replay.oracle.http_semantics import HttpSemantics
from replay.oracle.idempotency import Idempotency
from replay.oracle.partial_failure import PartialFailure
from replay.oracle.serial_envelope import SerialEnvelope, can_be_raced
from unit.oracle.evidence_make import deleted, inserted, sent, updated

PAYMENT, BOOKING = "payment", "booking"
GONE = FaultKind.CLIENT_GONE


def pay(status: int = 201, text: str = "body A of acme", key: str = "key-1", made: int = 0, **more: Any) -> Attempt:
    answer = {"id": made} if made else None
    more = {
        "part": Part.JUDGED, "headers": {"Idempotency-Key": key}, "json": {"text": text}, "answer": answer, **more
    }  # fmt: skip
    return sent("p", "POST", "/payments", status, **more)


def rows(number: int, text: str = "body A of acme") -> tuple[RowChange, ...]:
    return inserted(PAYMENT, id=number, text=text), inserted(BOOKING, id=number + 100, payment_id=number)


CONTROLS = tuple(Trace(Role.CONTROL, n, (pay(made=n),), rows(n)) for n in (1, 2))


def evidence(
    expectation: Expectation, variant: str, *traces: Trace, controls: tuple[Trace, ...] = CONTROLS
) -> Evidence:
    site = Site("p", "POST /payments", variant)
    case = Case(CaseId("c-1"), "s", Mutation("m", site, expectation, 1), ())
    return Evidence(case, (*controls, *traces))


def mutated(*attempts: Attempt, changes: tuple[RowChange, ...] | None = (), role: Role = Role.MUTATED) -> Trace:
    return Trace(role, 9, tuple(replace(one, copy=n) for n, one in enumerate(attempts)), changes)


def key_findings(variant: str, trace: Trace) -> list[Finding]:
    return list(Idempotency().judge(evidence(Expectation.KEY_HONOURED, variant, trace)))


B, C = "text of body B", "text of body C"


@pytest.mark.parametrize(
    ("second", "third", "kept", "found"),
    [
        (200, 409, (), True),  # dropped; a second thing is refused whatever its key
        (200, 201, (C,), True),  # dropped; under a new key it is kept
        (422, 201, (C,), False),  # refused, as it should be
        (201, 201, (B, C), False),  # key and body together are the key
        (200, 200, (), False),  # found by what it is called, under any key: get-or-create
    ],
)
def test_a_second_payload_under_a_used_key(second: int, third: int, kept: tuple[str, ...], found: bool) -> None:
    """A finding when it is acknowledged and dropped, and would have been looked at under another key."""
    changes = (*rows(5), *(row for n, text in enumerate(kept) for row in rows(6 + n, text)))
    trace = mutated(pay(201, made=5), pay(second, B), pay(third, C, "key-2"), changes=changes)
    assert [one.oracle for one in key_findings("other-body", trace)] == ["idempotency"] * found


def test_without_rows_the_answers_are_asked() -> None:
    """Only where they show what was sent."""
    told = [pay(201, answer={"text": "body A of acme"}), pay(200, B, answer={"text": "body A of acme"})]
    trace = mutated(*told, pay(201, C, "key-2", answer={"text": C}), changes=None)
    (finding,) = key_findings("other-body", trace)
    assert finding.level is Level.PROBABLE
    silent = mutated(pay(201, made=5), pay(200, B, made=5), pay(201, C, "key-2", made=6), changes=None)
    assert key_findings("other-body", silent) == []


def pay_as(tenant: str, status: int, key: str, made: int = 0) -> Attempt:
    answer = {"id": made} if made else None
    return sent(
        "p", "POST", "/payments", status, answer=answer, tenant=tenant, part=Part.JUDGED,
        headers={"Idempotency-Key": key}, json={"text": f"words of {tenant}"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("second", "third", "changes", "title"),
    [
        ((200, 5), (201, 6), (*rows(5), *rows(6)), "given another one's answer"),
        ((422, 0), (201, 6), (*rows(5), *rows(6)), "blocks another one's request"),
        ((201, 6), (409, 0), (*rows(5), *rows(6)), ""),  # ran on its own; its second is refused
        ((201, 6), (201, 7), (*rows(5), *rows(6), *rows(7)), ""),
        ((409, 0), (409, 0), rows(5), ""),  # refused under its own key as well
        ((401, 0), (201, 6), (*rows(5), *rows(6)), ""),  # about the caller, not about the key
        # each tenant counts for itself: both have a payment 5
        ((201, 5), (201, 6), (*rows(5), inserted(PAYMENT, id=5, text="words of bolt"), *rows(6)), ""),
    ],
)
def test_the_same_key_from_another_tenant(
    second: tuple[int, int], third: tuple[int, int], changes: tuple[RowChange, ...], title: str
) -> None:
    trace = mutated(
        pay_as("acme", 201, "key-1", 5), pay_as("bolt", second[0], "key-1", second[1]),
        pay_as("bolt", third[0], "key-2", third[1]), changes=changes,
    )  # fmt: skip
    titles = [one.title for one in key_findings("other-tenant", trace)]
    assert len(titles) == bool(title)
    assert all(title in one for one in titles)


def test_another_endpoint_with_the_first_ones_answer() -> None:
    """Only the very same answer; an answer of its own, or a refusal, is right."""
    refund = sent(
        "f", "POST", "/refunds", 201, answer={"id": 5}, part=Part.JUDGED, headers={"Idempotency-Key": "key-1"}
    )
    own = sent("f", "POST", "/refunds", 201, answer={"id": 8}, part=Part.JUDGED)
    refused = sent("f", "POST", "/refunds", 422, part=Part.JUDGED)
    assert len(key_findings("other-endpoint", mutated(pay(201, made=5), refund))) == 1
    assert key_findings("other-endpoint", mutated(pay(201, made=5), own)) == []
    assert key_findings("other-endpoint", mutated(pay(201, made=5), refused)) == []


RETRIES = [
    ((409, 409, 409), (), "never be sent again"),
    ((410,), (), "never be sent again"),
    ((200,), (), "nothing is stored"),
    ((409, 201), rows(5), ""),  # busy, then done
    ((200,), rows(5), ""),  # done by the first, told to the second
    ((409, 409, 409), rows(5), ""),  # done by the first: there already
    ((401,), (), ""),
    ((500,), (), ""),  # the server-error oracle's
]


@pytest.mark.parametrize(("answers", "changes", "title"), RETRIES)
def test_a_request_that_broke_off_and_came_again(
    answers: tuple[int, ...], changes: tuple[RowChange, ...], title: str
) -> None:
    """Refused or acknowledged to the end while its rows never come."""
    trace = mutated(pay(fault=GONE), *map(pay, answers), changes=changes)
    found = list(Idempotency().judge(evidence(Expectation.AT_MOST_ONCE, "answered", trace)))
    assert len(found) == bool(title)
    assert all(title in one.title for one in found)


def test_without_a_shared_key_nothing_was_promised() -> None:
    for again in (pay(409, key="key-2"), sent("p", "POST", "/payments", 409, part=Part.JUDGED)):
        trace = mutated(pay(fault=GONE), again)
        assert list(Idempotency().judge(evidence(Expectation.AT_MOST_ONCE, "answered", trace))) == []


def partial(*changes: RowChange, controls: tuple[Trace, ...] = CONTROLS) -> list[Finding]:
    trace = mutated(pay(fault=GONE), changes=changes)
    return list(PartialFailure().judge(evidence(Expectation.WHOLE, "mid-body", trace, controls=controls)))


def test_a_parent_without_its_child_is_partial() -> None:
    """All or nothing is right."""
    (finding,) = partial(rows(5)[0])
    assert "booking missing" in finding.title
    assert partial() == []
    assert partial(*rows(5)) == []


def test_fewer_rows_of_one_table_are_partial() -> None:
    controls = tuple(
        Trace(Role.CONTROL, n, (pay(),), tuple(inserted("line", id=10 * n + i, place=i) for i in range(3)))
        for n in (1, 2)
    )
    assert len(partial(inserted("line", id=90, place=0), controls=controls)) == 1


def with_more(*more: RowChange) -> tuple[Trace, ...]:
    return tuple(replace(trace, changes=(*(trace.changes or ()), *more)) for trace in CONTROLS)


QUIET = [
    inserted("audit_log", id=1, what="payment"),
    inserted("api_usage", id=1, calls=1),  # refers to nothing: a meter is written first
    updated("account", {"id": 1, "seen_at": "2026-01-01 10:00"}, {"id": 1, "seen_at": "2026-01-01 11:00"}),
    updated("account", {"id": 1, "logins": 1}, {"id": 1, "logins": 2}),  # a counter of the caller's
]


@pytest.mark.parametrize("extra", QUIET)
def test_what_is_written_for_every_attempt_is_no_part(extra: RowChange) -> None:
    """Notes, meters, and what a login touches stay when the rest never came."""
    assert partial(extra, controls=with_more(extra)) == []


def test_what_says_that_it_is_pending_is_no_part() -> None:
    """A saga's first step: somebody will finish it."""
    controls = tuple(
        Trace(Role.CONTROL, n, (pay(),), (inserted("order", id=n, state="paid"), inserted("item", id=n, order_id=n)))
        for n in (1, 2)
    )
    assert partial(inserted("order", id=7, state="pending"), controls=controls) == []
    assert len(partial(inserted("order", id=7, state="paid"), controls=controls)) == 1


def hits(before: int, after: int) -> tuple[RowChange, ...]:
    return (updated("counter", {"id": 1, "hits": before}, {"id": 1, "hits": after}),)


def hit(status: int = 200, **headers: str) -> Attempt:
    return sent("h", "POST", "/hits", status, part=Part.JUDGED, headers=headers)


def raced(
    serial: tuple[int, ...], serial_step: int, at_once: tuple[int, ...], step: int, **headers: str
) -> list[Finding]:
    controls = tuple(Trace(Role.CONTROL, n, (hit(**headers),), hits(n, n + 1)) for n in (1, 2))
    in_turn = mutated(*(hit(one, **headers) for one in serial), changes=hits(0, serial_step), role=Role.SERIAL)
    together = mutated(*(hit(one, **headers) for one in at_once), changes=hits(0, step))
    assert can_be_raced((*controls, in_turn)) == (bool(headers) or serial_step == serial.count(200))
    return list(SerialEnvelope().judge(evidence(Expectation.AT_MOST_ONCE, "", in_turn, together, controls=controls)))


RACES = [
    ((200, 200, 200), 3, (200, 200, 200), 3, ""),
    ((200, 200, 200), 3, (200, 200, 200), 1, "lost"),
    ((200, 200, 200), 3, (200, 409, 409), 1, ""),  # losers were told
    ((200, 409, 409), 1, (200, 409, 409), 1, ""),
    ((200, 409, 409), 1, (200, 200, 200), 3, "overrun"),
    ((200, 409, 409), 1, (200, 200, 200), 1, ""),  # answered together for one effect
    ((200, 409, 409), 1, (503, 409, 409), 0, ""),
    ((200, 200, 200), 1, (200, 200, 200), 1, ""),  # sets, does not count
]


@pytest.mark.parametrize(("serial", "serial_step", "at_once", "step", "kind"), RACES)
def test_counters_at_once(
    serial: tuple[int, ...], serial_step: int, at_once: tuple[int, ...], step: int, kind: str
) -> None:
    """Never more than in sequence, never fewer steps than were acknowledged."""
    titles = " ".join(one.title for one in raced(serial, serial_step, at_once, step))
    assert (kind in titles) if kind else titles == ""


def test_several_winners_over_one_version() -> None:
    """If-Match lets one writer win; without it the last one may."""
    version = {"If-Match": '"1"'}
    (finding,) = raced((200, 412, 412), 1, (200, 200, 412), 1, **version)
    assert "despite If-Match" in finding.title
    assert raced((200, 412, 412), 1, (200, 412, 412), 1, **version) == []
    assert raced((200, 412, 412), 1, (409, 412, 412), 0, **version) == []


def put(status: int, cents: int = 950) -> Attempt:
    return sent("u", "PUT", "/prices/rope", status, json={"cents": cents}, part=Part.JUDGED)


def price(cents: int, version: int = 2) -> tuple[RowChange, ...]:
    before = {"id": 1, "cents": 0, "version": 1}
    return (updated("price", before, {"id": 1, "cents": cents, "version": version}),)


def put_twice(changes: tuple[RowChange, ...], *answers: int) -> list[Finding]:
    controls = tuple(Trace(Role.CONTROL, n, (put(200),), price(950)) for n in (1, 2))
    trace = mutated(*map(put, answers), changes=changes)
    return list(HttpSemantics().judge(evidence(Expectation.AT_MOST_ONCE, "", trace, controls=controls)))


def test_a_put_that_adds_up() -> None:
    """What the body names must be the same after one and after two; a version may count."""
    (finding,) = put_twice(price(1900, version=3), 200, 200)
    assert "price.cents" in finding.title
    assert put_twice(price(950, version=3), 200, 200) == []
    assert put_twice(price(1900, version=3), 200, 409) == []


def test_a_put_that_creates_twice_is_told_as_info() -> None:
    (finding,) = put_twice(price(950), 201, 201)
    assert finding.level is Level.INFO
    assert put_twice(price(950), 201, 200) == []


@pytest.mark.parametrize(
    ("deletion", "after", "changes", "found"),
    [
        (204, 200, (), True),
        (204, 404, (), False),
        (202, 200, (), False),  # accepted, and done later
        (204, 200, (deleted("memo", id=7),), False),  # a cache before the service still shows it
        (204, 200, (inserted("audit_log", id=1),), True),
        (403, 200, (), False),
    ],
)
def test_a_deletion_that_deletes_nothing(
    deletion: int, after: int, changes: tuple[RowChange, ...], found: bool
) -> None:
    steps = [
        sent("r", "GET", "/memos/7", 200, answer={"text": "x"}, part=Part.JUDGED),
        sent("d", "DELETE", "/memos/7", deletion, part=Part.JUDGED),
        sent("r", "GET", "/memos/7", after, answer={"text": "x"} if after == 200 else None, part=Part.JUDGED),
    ]
    trace = mutated(*steps, changes=changes)
    assert len(list(HttpSemantics().judge(evidence(Expectation.GONE, "", trace)))) == found
