"""What says nothing about the target is neither finding nor difference: throttled answers and unsent requests."""

import pytest

from make import exchange, request, response
from replay.engine.judge import gate, judge
from replay.engine.set_aside import heard_sessions, mute_exchanges, reason_of, verdicts, without
from replay.model.case import Case, CaseId, Expectation, Mutation, Site
from replay.model.evidence import Attempt, Evidence, Part, Role, Trace
from replay.model.exchange import Fault, FaultKind
from replay.model.session import Session

OK, THROTTLED = response(200), response(429)
BUSY = response(503, headers={"Retry-After": "1"})
UNSENT = Fault(FaultKind.WITHHELD, "budget")


def attempt(outcome, recorded=200, part=Part.JUDGED, name="e1"):
    return Attempt(name, "s1", "GET /a", None, None, part, request("GET", "/a"), outcome, recorded_status=recorded)


def case(expectation):
    return Case(CaseId("c1"), "s1", Mutation("duplicate", Site("e1", "GET /a"), expectation, 1), ())


@pytest.mark.parametrize(
    ("outcome", "recorded", "reason"),
    [
        (OK, 200, ""),
        (THROTTLED, 200, "throttled"),
        (THROTTLED, 429, ""),
        (BUSY, 200, "throttled"),
        (BUSY, 503, ""),
        (response(503), 200, ""),
        (UNSENT, 200, "budget"),
        (Fault(FaultKind.RESET), 200, ""),
        (Fault(FaultKind.WITHHELD, "writes_not_allowed"), 200, "writes-not-allowed"),
        (Fault(FaultKind.WITHHELD), 200, "withheld"),
    ],
)
def test_why_nothing_can_be_told(outcome, recorded, reason):
    assert reason_of(attempt(outcome, recorded)) == reason


@pytest.mark.parametrize("part", list(Part))
@pytest.mark.parametrize("role", [Role.CONTROL, Role.SERIAL, Role.MUTATED, Role.CONFIRM])
@pytest.mark.parametrize(("outcome", "reason"), [(THROTTLED, "throttled"), (UNSENT, "budget")])
def test_one_mute_answer_anywhere_makes_a_case_not_judged(part, role, outcome, reason):
    good = [Trace(one, 1, (attempt(OK),)) for one in (Role.CONTROL, Role.CONTROL, Role.MUTATED)]
    bad = Trace(role, 2, (attempt(outcome, part=part),))
    closed = gate(Evidence(case(Expectation.REJECTED), (*good, bad)))
    assert closed is not None
    assert closed.reason == reason


def test_where_a_limit_is_expected_a_429_is_the_answer():
    traces = [Trace(one, 1, (attempt(OK),)) for one in (Role.CONTROL, Role.CONTROL)]
    limited = Evidence(case(Expectation.LIMITED), (*traces, Trace(Role.MUTATED, 2, (attempt(THROTTLED),))))
    assert gate(limited) is None
    setup = Trace(Role.MUTATED, 2, (attempt(THROTTLED, part=Part.SETUP), attempt(OK)))
    assert gate(Evidence(case(Expectation.LIMITED), (*traces, setup))) is not None


class Showing:
    """An oracle that keeps what it was shown."""

    name, judges, needs = "showing", frozenset({Expectation.SAME}), ()

    def __init__(self):
        self.seen = []

    def judge(self, evidence):
        self.seen = [one.exchange_id for trace in evidence.traces for one in trace.attempts]
        return []


def test_oracles_of_clean_replays_are_not_shown_mute_exchanges():
    """Also when a stored run is judged again."""
    recorded = Trace(Role.RECORDED, 0, (attempt(OK), attempt(OK, name="e2")))
    first = Trace(Role.CLEAN, 1, (attempt(OK), attempt(OK, name="e2")))
    second = Trace(Role.CLEAN, 2, (attempt(THROTTLED), attempt(OK, name="e2")))
    oracle = Showing()
    judge(Evidence(None, (recorded, first, second)), (oracle,))
    assert set(oracle.seen) == {"e2"}


def test_a_throttled_copy_beside_them_mutes_nothing():
    """The run judged without copies; judged again it is the same."""
    recorded, clean = Trace(Role.RECORDED, 0, (attempt(OK),)), Trace(Role.CLEAN, 1, (attempt(OK),))
    oracle = Showing()
    judge(Evidence(None, (recorded, clean, Trace(Role.LOAD, 2, (attempt(THROTTLED),)))), (oracle,))
    assert oracle.seen.count("e1") >= 2


def test_mute_exchanges_are_counted_by_endpoint_and_reason():
    traces = [
        Trace(Role.CLEAN, n, (attempt(THROTTLED), attempt(UNSENT, name="e2"), attempt(OK, name="e3"))) for n in (1, 2)
    ]
    mute = mute_exchanges(traces)
    assert list(mute) == ["e1", "e2"]
    assert [one.exchange_id for one in without(traces[0], mute).attempts] == ["e3"]
    assert [(one.reason, one.detail) for one in verdicts(mute.values())] == [
        ("budget", "GET /a: 1 exchange not sent"),
        ("throttled", "GET /a: 1 exchange answered 429 or 503 with Retry-After, and the recording was not"),
    ]


def test_a_session_of_mute_exchanges_alone_is_left_out():
    quiet = Session("s1", None, (exchange("e1", "GET", "/a"),))
    half = Session("s2", None, (exchange("e1", "GET", "/a"), exchange("e9", "GET", "/b")))
    (kept,) = heard_sessions((quiet, half), {"e1"})
    assert [one.id for one in kept.exchanges] == ["e9"]
