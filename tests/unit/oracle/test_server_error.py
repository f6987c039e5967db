"""ServerError: a mutated request is answered, or refused; it breaks nothing."""

from __future__ import annotations

import pytest

from replay.model.case import Expectation
from replay.model.evidence import Part, Role
from replay.model.exchange import FaultKind
from replay.model.finding import Level, Severity
from replay.oracle.server_error import ServerError
from unit.oracle.evidence_make import case, evidence, sent, trace


def judged(status=0, **more):
    return sent("e", "POST", "/x", status, part=Part.JUDGED, **more)


def judge(*rounds, clean=201, serial=False):
    controls = [trace(Role.CONTROL, w, judged(clean)) for w in (1, 2)]
    controls += [trace(Role.SERIAL, 3, judged(201), judged(409))] if serial else []
    mutated = [trace(Role.MUTATED, 4 + n, *attempts) for n, attempts in enumerate(rounds)]
    return list(ServerError().judge(evidence(case(Expectation.BOUNDED, "POST /x", "inflate"), *controls, *mutated)))


@pytest.mark.parametrize(
    ("rounds", "serial", "severity", "level", "remark"),
    [
        (((judged(500),),), False, Severity.MEDIUM, Level.PROBABLE, "once"),
        (((judged(500),), (judged(502),)), False, Severity.MEDIUM, Level.CONFIRMED, "again in a fresh world"),
        (((judged(503),),), False, Severity.MEDIUM, Level.PROBABLE, "unavailable, and no word when to come again"),
        (((judged(fault=FaultKind.RESET),),), False, Severity.HIGH, Level.PROBABLE, "no answer at all"),
        (((judged(201), judged(500)),), True, Severity.LOW, Level.PROBABLE, "the loser of a race"),
        (((judged(500), judged(500)),), True, Severity.MEDIUM, Level.PROBABLE, "everybody lost"),
    ],
)
def test_errors_are_found(rounds, serial, severity, level, remark):
    (finding,) = judge(*rounds, serial=serial)
    assert (finding.severity, finding.level) == (severity, level), remark


GIANT = {"text": "a" * 70_000}


@pytest.mark.parametrize(
    ("found", "remark"),
    [
        (judge((judged(422),)), "refused"),
        (judge((judged(201),)), "accepted"),
        (judge((judged(503, answer_headers={"Retry-After": "1"}),)), "overload that says so"),
        (judge((judged(429),)), "throttled"),
        (judge((judged(500),), clean=500), "clean requests fail as well"),
        (judge((judged(500),), clean=0), "clean requests are not answered"),
        (judge((judged(fault=FaultKind.RESET, json=GIANT),)), "refused early, while we were still sending"),
        (judge((judged(fault=FaultKind.TIMEOUT),)), "slow, not broken"),
        (judge((judged(fault=FaultKind.CLIENT_GONE),)), "we went away ourselves"),
    ],
)
def test_what_is_right_raises_nothing(found, remark):
    assert found == [], remark


def test_without_a_case_there_is_nothing_mutated():
    clean = trace(Role.CLEAN, 1, sent("e", "POST", "/x", 500))
    assert list(ServerError().judge(evidence(None, clean))) == []
