"""Three verdicts, never two: finding, clean, not judged. Gates come first, levels need reproduction."""

from dataclasses import dataclass, replace

import pytest

from replay.engine.judge import judge, strongest
from replay.model.case import Case, CaseId, Expectation, Mutation, Site
from replay.model.evidence import Attempt, Evidence, Part, Role, Trace
from replay.model.exchange import Fault, FaultKind, Request, Response
from replay.model.finding import Finding, Level, Severity

CASE = Case(CaseId("c"), "s", Mutation("race", Site("e", "POST /a"), Expectation.AT_MOST_ONCE, 1), ())


def attempt(part=Part.JUDGED, status=201, recorded=201, fault=None, unresolved=()):
    outcome = Fault(fault) if fault else Response(status)
    return Attempt("e", "s", "POST /a", None, None, part, Request("POST", "/a"), outcome,
                   recorded_status=recorded, unresolved=unresolved)  # fmt: skip


def trace(role, *attempts, changes=()):
    return Trace(role, 1, attempts or (attempt(),), changes)


def evidence(*traces):
    return Evidence(CASE, traces or (trace(Role.CONTROL), trace(Role.CONTROL), trace(Role.MUTATED)))


@dataclass(frozen=True)
class Finds:
    """An oracle that finds something in every mutated trace whose first answer has `status`."""

    status: int = 201
    name: str = "finds"
    judges: frozenset = frozenset({Expectation.AT_MOST_ONCE})
    needs: frozenset = frozenset()

    def judge(self, item):
        for one in item.mutated:
            if one.attempts[0].status == self.status:
                yield Finding("f", self.name, "race", Severity.HIGH, Level.PROBABLE, "/a", "POST", "t", "e", "o", "")


@dataclass(frozen=True)
class Breaks(Finds):
    def judge(self, item):
        raise KeyError("a value from traffic")


def test_an_oracle_is_asked_about_its_expectation_only():
    assert judge(evidence(), [Finds()]).findings
    other = Finds(judges=frozenset({Expectation.REJECTED}))
    assert not judge(evidence(), [other]).findings


def test_an_oracle_that_needs_rows_is_not_asked_without_them():
    no_rows = evidence(trace(Role.CONTROL, changes=None), trace(Role.MUTATED, changes=None))
    needy = Finds(needs=frozenset({"rows"}))
    assert judge(evidence(), [needy]).findings
    verdict = judge(no_rows, [needy])
    assert verdict.findings == ()
    assert [one.reason for one in verdict.not_judged] == ["no-database"], "silence would be green without proof"
    reads = replace(CASE.mutation, site=Site("e", "GET /a"), expectation=Expectation.REJECTED)
    swapped = replace(no_rows, case=replace(CASE, mutation=reads))
    assert judge(swapped, [needy]).not_judged == (), "a read needs no rows"


GATES = [
    (attempt(status=409), Role.CONTROL, "control-drifted", "the clean request did not do what was recorded"),
    (attempt(fault=FaultKind.RESET), Role.CONTROL, "fault-in-control", "no answer to compare with"),
    (
        attempt(unresolved=("path",)),
        Role.CONTROL,
        "unresolved-binding",
        "the request named something recorded, not live",
    ),
    (attempt(Part.SETUP, status=500), Role.MUTATED, "control-drifted", "the mutated world was not built as recorded"),
]


@pytest.mark.parametrize(("bad", "role", "reason", "remark"), GATES)
def test_gates_make_a_case_not_judged(bad, role, reason, remark):
    roles = [Role.CONTROL, Role.CONTROL, Role.MUTATED]
    at = roles.index(role)
    traces = [trace(one, *([bad, attempt()] if i == at else [attempt()])) for i, one in enumerate(roles)]
    verdict = judge(evidence(*traces), [Finds()])
    assert verdict.findings == (), remark
    assert [one.reason for one in verdict.not_judged] == [reason], remark
    assert verdict.not_judged[0].case_id == "c"


def test_a_mutated_answer_may_differ_that_is_what_is_judged():
    rejected = evidence(trace(Role.CONTROL), trace(Role.MUTATED, attempt(status=409)))
    verdict = judge(rejected, [Finds()])
    assert (verdict.findings, verdict.not_judged) == ((), ()), "clean: a 409 on a duplicate is right"


def test_a_probe_that_failed_half_way_is_not_judged():
    broken = evidence(trace(Role.CONTROL), trace(Role.MUTATED, changes=None))
    assert [one.reason for one in judge(broken, [Finds()]).not_judged] == ["probe-failed"]


def test_no_controls_is_not_judged():
    assert [one.reason for one in judge(evidence(trace(Role.MUTATED)), [Finds()]).not_judged] == ["incomplete"]


def test_an_oracle_that_raises_is_not_judged_and_quotes_nothing():
    verdict = judge(evidence(), [Breaks(), Finds()])
    assert len(verdict.findings) == 1, "the others still speak"
    assert verdict.not_judged[0].reason == "oracle-failed"
    assert "value from traffic" not in verdict.not_judged[0].detail


def test_reproduced_is_confirmed_and_not_reproduced_is_probable():
    again = evidence(*evidence().traces, trace(Role.CONFIRM))
    assert [one.level for one in judge(again, [Finds()]).findings] == [Level.CONFIRMED]
    never = evidence(*evidence().traces, trace(Role.CONFIRM, attempt(status=409)))
    assert [one.level for one in judge(never, [Finds()]).findings] == [Level.PROBABLE]


def test_one_fingerprint_is_one_finding_the_surest():
    weak = Finding("f", "o", "m", Severity.HIGH, Level.PROBABLE, "/", "GET", "weak", "", "", "")
    sure = replace(weak, level=Level.CONFIRMED, severity=Severity.LOW, title="sure")
    assert [one.title for one in strongest([weak, sure, weak])] == ["sure"]
