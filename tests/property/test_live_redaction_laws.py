"""What a run is answered is redacted part by part; that must say what the policy says of the whole, or nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from replay.canary import in_process
from replay.canary.campaign import Campaign
from replay.canary.suite import CASES
from replay.model.body import Body
from replay.model.exchange import Exchange, Fault, FaultKind, Request, Response
from replay.model.headers import Headers
from replay.record.redacting import live_policy_of
from replay.record.settings import RecordSettings
from replay.redact.detector_net import make_detector
from replay.redact.live_known import Known
from replay.redact.live_policy import LivePolicy
from replay.redact.live_pseudonym import LivePseudonym
from replay.redact.policy import Refused
from replay.redact.rules import make_rule
from unit.redact.bank_traffic import Bank

TEXTS = st.one_of(
    st.from_regex(r"(step|tok|usr)-[a-z0-9]{4,20}", fullmatch=True),
    st.sampled_from(
        ("Ingrid Olsen", "ingrid@bank.example.org", "open", "4111 1111 1111 1111", "NO93 8601 1117 947", "2019-03-04")
    ),
    st.sampled_from(
        ("5a1c2b1e-95c1-4f56-8a51-0e8f4a0f6c11", "aGVsbG8gSW5ncmlkIE9sc2Vu", "https://a.example/x?y=1", "a%20b")
    ),
    st.text(max_size=12),
)
LEAVES = st.one_of(TEXTS, st.integers(-(10**12), 10**12), st.floats(-1e6, 1e6), st.booleans(), st.none())
NAMES = st.sampled_from(("id", "name", "token", "total", "status", "email", "password", "note", "error", "code"))
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=12
)
FIELDS = st.sampled_from(("Authorization", "Cookie", "X-Tenant-Id", "Accept", "ETag", "X-Request-Id", "Content-MD5"))


@dataclass(frozen=True)
class Hole:
    """Stands in a tree for a value that differs from answer to answer."""


def with_values(tree, values):
    if isinstance(tree, Hole):
        return values.pop() if values else "step-last1"
    if isinstance(tree, dict):
        return {name: with_values(one, values) for name, one in tree.items()}
    return [with_values(one, values) for one in tree] if isinstance(tree, list) else tree


def policy_of(sent=(), **rules) -> LivePolicy:
    known = Known()
    for text in sent:
        known.allow_text(text)
    pseudonym = LivePseudonym(b"k" * 32, known)
    return LivePolicy(pseudonym, known, **rules) if rules else live_policy_of(pseudonym, known, RecordSettings())


def of(method, target, fields, sent, answer, status=200) -> tuple[Request, Response]:
    fields = (("Host", "shop.example"), *fields)
    body = Body(json.dumps(sent).encode(), "application/json") if sent is not None else Body()
    data = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    given_fields = Headers((("Content-Type", "application/json"), ("Content-Length", str(len(data)))))
    response = Response(status, given_fields, Body(data, "application/json"))
    return Request(method, target, Headers(fields), body, "http", "shop.example"), response


def agree(swift: LivePolicy, long: LivePolicy, one: tuple[Request, Response]) -> bool:
    """Raises when the two ways differ; False when only the long way has spoken."""
    found = swift.swiftly(*one)
    if found is None:
        return False
    whole = long.redact(Exchange("", *one)).exchange
    assert (whole.request, whole.outcome) == found
    return True


FORMS = st.recursive(
    LEAVES | st.builds(Hole) | st.builds(Hole),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, min_size=1, max_size=5),
    max_leaves=12,
)


@settings(max_examples=25, deadline=None)
@given(
    FORMS,
    st.lists(st.lists(LEAVES, max_size=4), min_size=3, max_size=6),
    st.lists(st.tuples(FIELDS, TEXTS), max_size=3),
)
def test_bodies_of_one_form_are_redacted_as_each_would_be_alone(form, values, fields) -> None:
    """Templates are learned from the first of them; the long way has never seen any."""
    swift = policy_of(("step-abcd12",))
    latin = [(name, value.encode("latin-1", "replace").decode("latin-1")) for name, value in fields]
    for some in values:
        tree = with_values(form, list(some))
        agree(swift, policy_of(("step-abcd12",)), of("POST", "/notes/17", latin, tree, tree))


def test_usual_traffic_takes_the_swift_way_and_comes_out_alike() -> None:
    """A bank's clients come back with new ids, and one in five records is new; e-mails and cards are among them."""
    swift, long, bank = policy_of(), policy_of(), Bank("laws")
    taken = 0
    for number in range(60):
        one = bank.exchange(300 if number % 3 == 0 else 0, 600)
        taken += agree(swift, long, (one.request, one.outcome))
    assert taken > 40


def test_every_planted_secret_is_hidden_as_the_long_way_hides_it() -> None:
    """Cases of the canary, and again when every value is known."""
    swift, long = policy_of(), policy_of()
    for _ in range(2):
        for one in Campaign.of(CASES, seed=5).planted[::4]:
            exchange = in_process.exchange(one)
            with suppress(Refused):
                agree(swift, long, (exchange.request, exchange.outcome))


def test_rules_hold_on_the_swift_way() -> None:
    """A rule that keeps, one that masks and one that drops, at places that differ from answer to answer."""
    rules = (
        make_rule("rule 1", "any body $..id", "keep", reason="public numbers"),
        make_rule("rule 2", "response body $..note", "mask"),
        make_rule("rule 3", "response body $..gone", "drop"),
    )
    swift = policy_of(rules=rules)
    for number in range(5):
        tree = {
            "id": f"step-{number}abcd",
            "note": f"Ingrid {number}",
            "gone": f"x{number}",
            "other": f"usr-{number}9zz",
        }
        assert agree(swift, policy_of(rules=rules), of("GET", "/notes", (), None, tree))
    watched = policy_of(detectors=(make_detector("detector 1", "ours", "AC-[0-9]{6}", "token", ["AC-123456"], []),))
    assert watched.swiftly(*of("GET", "/notes", (), None, {"id": "AC-123456"})) is None


def test_what_is_out_of_the_ordinary_goes_the_long_way() -> None:
    """A refusal, a fault, trailers, a body that costs too much: nothing is said."""
    swift = policy_of()
    request, response = of("POST", "/login", (), {"password": "hunter2"}, {"error": "no"}, 401)
    assert swift.swiftly(request, response) is None
    assert swift.swiftly(request, Fault(FaultKind.RESET)) is None
    assert swift.swiftly(request, replace(response, status=200, trailers=Headers((("grpc-status", "0"),)))) is None
    many = json.dumps([f"u{i}@bank{i}.example.org" for i in range(9000)]).encode()
    assert swift.swiftly(request, Response(200, body=Body(many, "application/json"))) is None


def test_an_answer_that_survives_is_left_to_the_long_way() -> None:
    """A secret of one part that stands in another one, where nobody looked for it."""
    swift = policy_of()
    tree = {"email": "ingrid@bank.example.org"}
    request, response = of("GET", "/notes", (), None, tree)
    sly = replace(response, headers=Headers((*response.headers.fields, ("Allow", "ingrid@bank.example.org, GET"))))
    for _ in range(4):
        agree(swift, policy_of(), (request, sly))
