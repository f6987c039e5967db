"""Builders of a run's view for report tests."""

from __future__ import annotations

from typing import Any

from replay.model.difference import NoiseRule, Relation
from replay.model.finding import Finding, Level, NotJudged, Proof, Severity
from replay.model.run import Fidelity, RunInfo, Summary
from replay.report.view import RunView

# What a stranger may have sent: markup, CSI, OSC (title, link), C1, direction marks, zero-width, XML, shell.
HOSTILE = (
    "[bold]b[/bold] \x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\ \x9b2Jc1 "
    "\u202egpj.exe\u2066 zero\u200bwidth </failure><x/> & ]]> \x00\x08 $(id) `id` \ud800 end"
)

RUN = RunInfo("r1", "fuzz", "cap1", "http://127.0.0.1:8080", 7, 100.0, ("race",), ("duplicate-rows",), "sqlite",
              "0.1.0", 160.0, True)  # fmt: skip
SUMMARY = Summary(4, 40, 400, 20, 16, 2, 2, 12.3, 0.95)


def finding(n: int = 1, **more: Any) -> Finding:
    fields: dict[str, Any] = {
        "fingerprint": f"{n:016x}",
        "oracle": "duplicate-rows",
        "mutator": "race",
        "severity": Severity.HIGH,
        "level": Level.CONFIRMED,
        "endpoint": "/courses/{id}/enrolments",
        "method": "POST",
        "title": "One request is stored more than once",
        "expected": "1 enrolment",
        "observed": "3 enrolment",
        "tenant": "acme",
        "proofs": (Proof("rows of enrolment", [{"id": 1, "account": 5}, {"id": 2, "account": 5}]),),
    }
    return Finding(**(fields | more))


def view(*findings: Finding, **more: Any) -> RunView:
    fields: dict[str, Any] = {
        "run": RUN,
        "summary": SUMMARY,
        "fidelity": Fidelity(40, 38, 20, 0),
        "findings": findings,
        "not_judged": (
            NotJudged("control-drifted", "GET /a answered 500", "GET /a", "race", "c1"),
            NotJudged("control-drifted", "GET /b answered 500", "GET /b", "race", "c2"),
            NotJudged("probe-failed", "", "GET /a", "race", "c3"),
        ),
        "noise": (NoiseRule("GET /a", "body.at", Relation.TIME, 3, 3),),
    }
    return RunView(**(fields | more))


def hostile() -> RunView:
    """Strangers' text wherever traffic can put it."""
    bad = finding(
        title=HOSTILE, expected=HOSTILE, observed=HOSTILE, endpoint=f"/{HOSTILE}", method="GET", tenant=HOSTILE,
        proofs=(
            Proof(HOSTILE, [{HOSTILE: HOSTILE}]),
            Proof("fields", {f"{n}{HOSTILE}": HOSTILE for n in range(9)}),
            Proof("wide", [{f"c{n}": HOSTILE for n in range(12)}]),
            Proof("text", HOSTILE),
            Proof("nested", [[HOSTILE], HOSTILE]),
        ),
    )  # fmt: skip
    lost = NotJudged(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    return view(bad, not_judged=(lost,), noise=(NoiseRule(HOSTILE, HOSTILE, Relation.SHAPE, 1, 1),))
