"""Exchanges, sessions, cases, evidence, findings, runs: what they derive, and what their repr keeps to itself."""

from __future__ import annotations

import dataclasses

import pytest

from replay.model.body import Body
from replay.model.case import (
    Case,
    CaseId,
    Expectation,
    Mutation,
    SentAs,
    Site,
    Step,
    clean_steps,
    one_by_one,
    rng_for,
    steps_with,
)
from replay.model.difference import Noise, NoiseRule, Relation
from replay.model.evidence import Attempt, Evidence, Part, Planted, Role, Trace
from replay.model.exchange import Exchange, Fault, FaultKind, Request, Response
from replay.model.finding import Finding, Level, Proof, Severity, fingerprint
from replay.model.headers import Headers
from replay.model.origin import carried_mark, is_origin, origin_mark
from replay.model.reading import Operation, RowChange
from replay.model.run import Fidelity
from replay.model.session import Actor, Session

SECRET = "hunter2-ada@example.com"
REQUEST = Request("POST", f"/{SECRET}?t={SECRET}", Headers((("X", SECRET),)), Body(SECRET.encode(), "text/plain"))
ANSWER = Response(201, Headers((("X", SECRET),)), Body(SECRET.encode(), "text/plain"))
EXCHANGE = Exchange("e1", REQUEST, ANSWER)


def attempt(part: Part = Part.JUDGED, outcome: Response | Fault = ANSWER) -> Attempt:
    return Attempt("e1", "s1", "POST /a", Actor("t", "p"), None, part, REQUEST, outcome)


@pytest.mark.parametrize(
    "value",
    [
        REQUEST,
        ANSWER,
        EXCHANGE,
        REQUEST.headers,
        REQUEST.body,
        attempt(),
        Planted(SECRET, "t", "e1", "body.note"),
        Trace(Role.CLEAN, 1, (attempt(),), renamed=((SECRET, SECRET),)),
        Evidence(None, (Trace(Role.CLEAN, 1, (attempt(),)),)),
        RowChange("users", Operation.INSERT, (("id", SECRET),), (), (("email", SECRET),)),
        Proof("rows", {"email": SECRET}),
        Finding("f", "o", "m", Severity.HIGH, Level.CONFIRMED, "/a", "GET", SECRET, "", "", ""),
        Session("s1", None, (EXCHANGE,)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_repr_shows_a_value(value: object) -> None:
    """Tracebacks and logs call repr: what came from traffic or rows must not be in it."""
    assert SECRET not in repr(value)
    assert SECRET not in f"{value}"


@pytest.mark.parametrize(
    ("method", "is_safe"), [("GET", True), ("HEAD", True), ("OPTIONS", True), ("POST", False), ("get", False)]
)
def test_safe_methods(method: str, is_safe: bool) -> None:
    """RFC 9110 section 9.2.1; methods are case-sensitive."""
    assert Request(method, "/").is_safe is is_safe


def test_a_target_is_a_path_and_a_query() -> None:
    """Split at the first question mark, nothing decoded."""
    request = Request("GET", "/a%20b?x=1?y")
    assert (request.path, request.query) == ("/a%20b", "x=1?y")
    assert (Request("GET", "*").path, Request("GET", "*").query) == ("*", "")


def test_an_exchange_ends_in_a_response_or_a_fault() -> None:
    """The status of a fault is 0; it has no response."""
    fault = Exchange("e2", REQUEST, Fault(FaultKind.TIMEOUT))
    assert (EXCHANGE.status, EXCHANGE.response) == (201, ANSWER)
    assert (fault.status, fault.response) == (0, None)
    assert attempt(outcome=Fault(FaultKind.RESET)).fault == Fault(FaultKind.RESET)
    assert attempt(outcome=Fault(FaultKind.RESET)).status == 0
    assert (attempt().status, attempt().response, attempt().fault) == (201, ANSWER, None)


@pytest.mark.parametrize(
    ("status", "success"), [(199, False), (200, True), (204, True), (299, True), (300, False), (404, False)]
)
def test_success_is_2xx(status: int, success: bool) -> None:
    """RFC 9110 section 15.3."""
    assert Response(status).is_success is success


def test_values_are_frozen() -> None:
    """What is stored as evidence cannot change under an oracle."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        EXCHANGE.id = "other"


SESSION = Session(
    "s1", Actor("acme", "ada"), tuple(Exchange(f"e{i}", Request("GET", f"/{i}"), ANSWER) for i in range(3))
)


def test_a_session_knows_its_tenant_and_its_order() -> None:
    """The tenant of nobody is empty; an unknown exchange has no index."""
    assert SESSION.tenant == "acme"
    assert Session("s2", None, ()).tenant == ""
    assert SESSION.index_of("e2") == 2
    with pytest.raises(StopIteration):
        SESSION.index_of("nope")


def test_steps_of_a_session() -> None:
    """Clean steps are the recording; a change happens at its site and nowhere else."""
    site = Site("e1", "GET /1")
    changed = steps_with(SESSION, site, lambda exchange: (Step(exchange.id, exchange.request, group=1),) * 2)
    assert [step.exchange_id for step in clean_steps(SESSION)] == ["e0", "e1", "e2"]
    assert [(step.exchange_id, step.group) for step in changed] == [("e0", 0), ("e1", 1), ("e1", 1), ("e2", 0)]
    assert [step.group for step in one_by_one(changed)] == [0, 0, 0, 0]
    assert steps_with(SESSION, Site("nope", ""), lambda _: ()) == clean_steps(SESSION)


def test_chance_depends_on_seed_and_names_alone() -> None:
    """Same seed and names, same chance; any other name, another chance."""
    assert rng_for(1, "a", "b").random() == rng_for(1, "a", "b").random()
    draws = {rng_for(seed, *names).random() for seed, names in [(1, "ab"), (2, "ab"), (1, "ba"), (1, "a")]}
    assert len(draws) == 4


def test_a_case_names_who_plays_a_role() -> None:
    """The exchange whose credentials play the role, or nothing."""
    mutation = Mutation("swap-tenant", Site("e1", "GET /1"), Expectation.REJECTED, 1)
    case = Case(CaseId("c"), "s1", mutation, (), cast=((SentAs.OTHER_TENANT, "x9"),))
    assert case.cast_of(SentAs.OTHER_TENANT) == "x9"
    assert case.cast_of(SentAs.ANONYMOUS) == ""


def test_evidence_is_asked_by_role() -> None:
    """Controls, mutated traces with confirmations last, judged attempts only."""
    traces = tuple(
        Trace(role, world, (attempt(Part.SETUP), attempt(), attempt(Part.AFTER)), changes=())
        for world, role in enumerate([Role.CONTROL, Role.CONFIRM, Role.MUTATED, Role.CLEAN])
    )
    evidence = Evidence(None, traces)
    assert [trace.world for trace in evidence.controls] == [0]
    assert [trace.world for trace in evidence.mutated] == [2, 1]
    assert [one.part for one in traces[0].judged()] == [Part.JUDGED]


CHANGES: list[tuple[str, list[tuple[Role, bool]], bool]] = [
    ("nothing judged, no rows", [], False),
    ("only whole clean replays", [(Role.CLEAN, True)], False),
    ("all read", [(Role.CONTROL, True), (Role.SERIAL, True), (Role.MUTATED, True), (Role.CONFIRM, True)], True),
    ("the control was not read", [(Role.CONTROL, False), (Role.MUTATED, True)], False),
    ("the serial twin was not read", [(Role.CONTROL, True), (Role.SERIAL, False), (Role.MUTATED, True)], False),
    ("a confirmation was not read", [(Role.CONTROL, True), (Role.MUTATED, True), (Role.CONFIRM, False)], False),
]


@pytest.mark.parametrize(("roles", "expected"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_rows_count_only_when_every_judged_trace_was_read(roles: list[tuple[Role, bool]], expected: bool) -> None:
    """One unread trace, and the rows prove nothing."""
    traces = tuple(Trace(role, 0, (), changes=() if read else None) for role, read in roles)
    assert Evidence(None, traces).has_rows is expected


def test_a_row_is_what_stands_now_or_stood_before_a_delete() -> None:
    """After for inserts and updates, before for deletes."""
    assert RowChange("t", Operation.UPDATE, (), (("a", 1),), (("a", 2),)).row == {"a": 2}
    assert RowChange("t", Operation.DELETE, (), (("a", 1),)).row == {"a": 1}


def test_a_fingerprint_depends_on_its_parts_and_their_borders() -> None:
    """The same on every machine; moving text over a border gives another one."""
    assert fingerprint("duplicate-rows", "POST /a") == fingerprint("duplicate-rows", "POST /a")
    assert len({fingerprint("ab", "c"), fingerprint("a", "bc"), fingerprint("abc"), fingerprint("abc", "")}) == 4
    assert fingerprint("duplicate-rows", "POST /a") == "b00a678947f60ff6"


def test_severities_are_ordered() -> None:
    """low < medium < high: what `--fail-on` compares."""
    assert [severity.rank for severity in (Severity.LOW, Severity.MEDIUM, Severity.HIGH)] == [0, 1, 2]


FIDELITY: list[tuple[Fidelity, float, str]] = [
    (Fidelity(0, 0, 0, 0), 0.0, "nothing was played: nothing is proven"),
    (Fidelity(10, 10, 0, 0), 1.0, "no binding was needed"),
    (Fidelity(10, 9, 4, 1), 0.675, "nine tenths of three quarters"),
    (Fidelity(10, 10, 2, 2), 0.0, "no binding resolved"),
    (Fidelity(10, 10, 2, 5), 0.0, "never below zero"),
]


@pytest.mark.parametrize(("fidelity", "score", "remark"), FIDELITY, ids=[row[2] for row in FIDELITY])
def test_fidelity(fidelity: Fidelity, score: float, remark: str) -> None:
    """Share of statuses times share of bindings."""
    assert fidelity.score == pytest.approx(score), remark


def test_noise_is_looked_up_by_endpoint_and_place() -> None:
    """One rule per endpoint and place."""
    rule = NoiseRule("GET /a", "body.at", Relation.TIME, 3, 3)
    assert Noise((rule,)).by_place() == {("GET /a", "body.at"): rule}


def test_an_origin_is_recognised_and_not_readable() -> None:
    """Equal addresses have equal marks in one capture; another port, host or capture has another mark."""
    mark = origin_mark("API.bank.example.", 443, "c1")
    assert mark == origin_mark("api.bank.example", 443, "c1")
    assert origin_mark("[::1]", 80, "c1") == origin_mark("::1", 80, "c1")
    others = {
        origin_mark("api.bank.example", 444, "c1"),
        origin_mark("x", 443, "c1"),
        origin_mark("api.bank.example", 443, "c2"),
    }
    assert len(others | {mark}) == 4
    assert "bank" not in mark


def test_a_mark_travels_into_a_merged_capture() -> None:
    """It is carried with the salt of the capture that it was made for, once, and goes on guarding that address."""
    carried = carried_mark(origin_mark("api.bank.example", 443, "c1"), "c1")
    assert carried_mark(carried, "c9") == carried
    own = origin_mark("pay.bank.example", 443, "merged")
    assert is_origin("api.bank.example", 443, [own, carried], "merged")
    assert is_origin("pay.bank.example", 443, [own, carried], "merged")
    assert not is_origin("qa.bank.example", 443, [own, carried], "merged")
    assert not is_origin("api.bank.example", 443, [own], "merged")
