"""A run file whose traffic wants to take the page over, written by the run file's own writer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from replay.model.body import Body
from replay.model.case import Case, CaseId, Expectation, Mutation, Site
from replay.model.difference import Noise, NoiseRule, Relation
from replay.model.event import (
    CasePlanned,
    ControlMeasured,
    EvidenceReady,
    Found,
    NoiseLearned,
    RunEnded,
    RunStarted,
    Unjudged,
)
from replay.model.evidence import Attempt, Evidence, Part, Role, Trace
from replay.model.exchange import Request, Response
from replay.model.finding import Finding, Level, NotJudged, Proof, Severity
from replay.model.headers import Headers
from replay.model.reading import Operation, RowChange
from replay.model.run import Fidelity, RunInfo, Summary
from replay.model.session import Actor
from replay.store.run_writer import RunWriter

# Each of these takes a page over that shows it as it is: they set window.taken, or ask the network.
HOSTILE = (
    "<script>window.taken=1</script>",
    "</script><script>window.taken=2</script>",
    "</style><img src=x onerror=window.taken=3>",
    "<svg onload=window.taken=4><animate onbegin=window.taken=5 attributeName=x dur=1s></svg>",
    '"><a href="javascript:window.taken=6">x</a><iframe src="http://127.0.0.1:9/x"></iframe>',
    "<!--\u202e\u2066gpj.exe\u200b-->",
    "\x1b[31mred\x1b]8;;http://127.0.0.1:9/\x07link\x00",
    "{{ 7 * 7 }}{% raw %}<link rel=stylesheet href=//127.0.0.1:9/x.css>",
)
EVERYTHING = " ".join(HOSTILE)
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJsaXZlIn0.c2lnbmF0dXJlLW9mLWxpdmU"
SECRETS = (TOKEN, "s3cret-cookie-value", "hunter2-password", "live-api-key-0001")

INFO = RunInfo(
    "r1", "fuzz", "cap1", "http://127.0.0.1:1", 7, 1000.0, ("race", "swap-tenant"),
    ("divergence", "duplicate-rows", "isolation-read", "rejected-but-wrote"), "sqlite", "0.1.0",
)  # fmt: skip
OWNER, OTHER = Actor("ten_aaaaaaaaaaaaaaaa", "1"), Actor("ten_bbbbbbbbbbbbbbbb", "2")


def attempt(n: int, part: Part, sent_as: Actor | None, status: int, answer: object, **more: object) -> Attempt:
    fields = [
        ("Content-Type", "application/json"), ("Authorization", f"Bearer {TOKEN}"), ("Cookie", f"sid={SECRETS[1]}"),
        ("X-Api-Key", SECRETS[3]), ("X-Note", HOSTILE[0]),
    ]  # fmt: skip
    sent = {"text": EVERYTHING, "password": SECRETS[2], "id": n}
    request = Request(
        "POST", f"/notes/{n}?q=%3Cscript%3E&token={TOKEN}", Headers.of(fields),
        Body(json.dumps(sent).encode(), "application/json"), "http", "h.example",
    )  # fmt: skip
    response = Response(
        status,
        Headers.of([("Content-Type", "application/json"), ("Set-Cookie", f"sid={SECRETS[1]}"), ("X-Evil", HOSTILE[2])]),
        Body(json.dumps(answer).encode(), "application/json"),
    )
    values: dict[str, object] = {
        "exchange_id": f"e{n}", "session_id": "s1", "endpoint": "POST /notes/{id}", "actor": OWNER, "sent_as": sent_as,
        "part": part, "request": request, "outcome": response, "intended": 0.1 * n, "sent": 0.1 * n + 0.001,
        "first_byte": 0.1 * n + 0.01, "ended": 0.1 * n + 0.02, "recorded_status": 201,
    }  # fmt: skip
    return Attempt(**(values | more))


def evidence(case_id: str) -> Evidence:
    answer = {"id": 7, "at": "2026-01-01", "note": EVERYTHING, "token": TOKEN}
    row = (("id", 7), ("tenant_id", "ten_cccc"), ("note", EVERYTHING), ("password_hash", SECRETS[2]))
    change = RowChange("note", Operation.UPDATE, (("id", 7),), row, (*row[:2], ("note", "other"), row[3]))
    clean = (attempt(1, Part.SETUP, OTHER, 201, answer), attempt(2, Part.JUDGED, OWNER, 200, answer))
    changed = (*clean[:1], attempt(2, Part.JUDGED, OTHER, 200, answer | {"at": "2026-01-02", "total": "<b>5</b>"}))
    mutation = Mutation("swap-tenant", Site("e2", "POST /notes/{id}"), Expectation.REJECTED, 1)
    traces = (Trace(Role.CONTROL, 1, clean, (change,)), Trace(Role.MUTATED, 2, changed, (change, change)))
    return Evidence(Case(CaseId(case_id), "s1", mutation, ()), traces)


def finding(n: int, case_id: str, **more: object) -> Finding:
    values: dict[str, object] = {
        "fingerprint": f"{n:016x}", "oracle": "isolation-read", "mutator": "swap-tenant", "severity": Severity.HIGH,
        "level": Level.CONFIRMED, "endpoint": "/notes/{id}", "method": "POST", "title": f"Read by another {EVERYTHING}",
        "expected": EVERYTHING, "observed": f"answered 200 {EVERYTHING}", "tenant": OWNER.tenant, "case_id": case_id,
        "proofs": (
            Proof("whose data", [{"marker": "javascript", "owner": OWNER.tenant}]),
            Proof("sent as", {"request of": OWNER.tenant, "credentials of": OTHER.tenant}),
            Proof("tenants", [{"tenant": OWNER.tenant, "in QA": "ten_cccc"}]),
            Proof(EVERYTHING, [{EVERYTHING: EVERYTHING}]),
            Proof("text", EVERYTHING),
        ),
    }  # fmt: skip
    return Finding(**(values | more))


def write_run(path: Path, *, more: tuple[Finding, ...] = (), keeps_live: bool = False) -> Path:
    """Two findings of a case and one of the clean replays; and what could not be judged."""
    recorded = attempt(1, Part.JUDGED, OWNER, 200, {"total": 5})
    replayed = attempt(1, Part.JUDGED, OWNER, 200, {"total": "5"})
    clean = Evidence(None, (Trace(Role.RECORDED, 0, (recorded,)), Trace(Role.CLEAN, 1, (replayed,))))
    case = evidence("swap-1")
    differs = finding(
        3, "", oracle="divergence", mutator="none", severity=Severity.LOW, title="body.total has another type",
        proofs=(Proof("differences", [{"exchange": "e1", "place": "body.total"}]),), tenant="",
    )  # fmt: skip
    writer = RunWriter.create(path)
    for event in (
        RunStarted(replace(INFO, settings=(("keep_live_values", str(keeps_live)),)), 1, 2),
        ControlMeasured(Fidelity(2, 2, 1, 0)),
        NoiseLearned(Noise((NoiseRule("POST /notes/{id}", "body.at", Relation.TIME, 4, 4),
                            NoiseRule(f"GET /{EVERYTHING}", EVERYTHING, Relation.SHAPE, 2, 1)))),
        EvidenceReady(clean),
        CasePlanned(case.case),
        EvidenceReady(case),
        *(Found(one) for one in (finding(1, "swap-1"), finding(2, "swap-1", severity=Severity.MEDIUM), differs, *more)),
        Unjudged(NotJudged("control-drifted", EVERYTHING, f"GET /{EVERYTHING}", "race", "race-2")),
        RunEnded(Summary(1, 2, 6, 1, 0, 3, 1, 12.5, 1.0), finished=True),
    ):  # fmt: skip
        writer.on_event(event)
    writer.close()
    return path
