"""Writes a run file while the run goes on: a listener of the engine's events.

Rule: evidence is committed before anybody judges it, so a crash or Ctrl-C loses at most the case in flight.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from replay.model.body import Body
from replay.model.difference import Noise
from replay.model.event import (
    CasePlanned,
    ControlMeasured,
    Event,
    EvidenceReady,
    Found,
    NoiseLearned,
    RunEnded,
    RunStarted,
    Unjudged,
)
from replay.model.evidence import Evidence, Trace
from replay.model.finding import Finding, NotJudged
from replay.store import run_rows as rows
from replay.store.files import create_file, finish_file, open_for_update
from replay.store.run_schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA


class RunWriter:
    """One open run file. `on_event` stores what must be stored; everything else passes by."""

    name = "run-file"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._trace_ids: dict[int, int] = {}
        self._kept_alive: list[Trace] = []  # ids of objects are only unique while the objects live

    @classmethod
    def create(cls, path: Path) -> RunWriter:
        """A new run file. Raises FileFormatError when `path` exists or cannot be written."""
        return cls(create_file(path, SCHEMA, APPLICATION_ID, FORMAT_VERSION, "run file"))

    @classmethod
    def reopen(cls, path: Path) -> RunWriter:
        """An existing run file, to replace its verdicts."""
        return cls(open_for_update(path, APPLICATION_ID, FORMAT_VERSION, "run file", SCHEMA))

    def on_event(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._start(event)
            case ControlMeasured():
                fidelity = event.fidelity
                counts = (fidelity.exchanges, fidelity.statuses_reproduced, fidelity.bindings, fidelity.unresolved)
                self._connection.execute("INSERT INTO fidelity VALUES (?, ?, ?, ?)", counts)
            case NoiseLearned():
                self._noise(event.noise, event.generated)
            case CasePlanned():
                self._insert('"case"', rows.case_row(event.case))
            case EvidenceReady():
                self._evidence(event.evidence)
            case Found():
                self._finding(event.finding)
            case Unjudged():
                self._not_judged(event.verdict, planned=event.planned)
            case RunEnded():
                self._end(event)
            case _:
                return
        self._connection.commit()

    def replace_verdicts(self, findings: tuple[Finding, ...], not_judged: tuple[NotJudged, ...], clean: int) -> None:
        """Put these verdicts in place of the stored ones; cases that never had evidence keep theirs."""
        with self._connection:
            self._connection.execute("UPDATE run SET clean = ?", (clean,))
            self._connection.execute("DELETE FROM finding")
            self._connection.execute("DELETE FROM not_judged WHERE planned = 0")
            for finding in findings:
                self._finding(finding)
            for verdict in not_judged:
                self._not_judged(verdict, planned=False)

    def close(self) -> None:
        finish_file(self._connection)

    def _start(self, event: RunStarted) -> None:
        run = event.run
        self._insert(
            "run",
            {
                "id": run.id,
                "command": run.command,
                "capture_id": run.capture_id,
                "target": run.target,
                "seed": run.seed,
                "started": run.started,
                "mutators": rows.text(run.mutators),
                "oracles": rows.text(run.oracles),
                "database": run.database,
                "tool_version": run.tool_version,
                "sessions": event.sessions,
                "exchanges": event.exchanges,
            },
        )

    def _end(self, event: RunEnded) -> None:
        self._connection.execute(
            "UPDATE run SET ended = started + ?, finished = ?, requests_sent = ?, clean = ?",
            (event.summary.seconds, int(event.finished), event.summary.requests_sent, event.summary.clean),
        )

    def _noise(self, noise: Noise, generated: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
        self._connection.executemany(
            "INSERT INTO noise VALUES (?, ?, ?, ?, ?)",
            [(rule.endpoint, rule.place, str(rule.relation), rule.pairs, rule.differing) for rule in noise.rules],
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO generated VALUES (?, ?)",
            [(entity, rows.text(columns)) for entity, columns in generated],
        )

    def _evidence(self, evidence: Evidence) -> None:
        case_id = evidence.case.id if evidence.case else ""
        for trace in evidence.traces:
            self._connection.execute("INSERT OR IGNORE INTO evidence VALUES (?, ?)", (case_id, self._trace_id(trace)))
        for difference in evidence.differences:
            self._insert("difference", rows.difference_row(difference))

    def _trace_id(self, trace: Trace) -> int:
        known = self._trace_ids.get(id(trace))
        if known is not None:
            return known
        cursor = self._connection.execute(
            "INSERT INTO trace (role, world, has_rows) VALUES (?, ?, ?)",
            (str(trace.role), trace.world, int(trace.changes is not None)),
        )
        trace_id = int(cursor.lastrowid or 0)
        self._trace_ids[id(trace)] = trace_id
        self._kept_alive.append(trace)
        for attempt in trace.attempts:
            self._body(attempt.request.body)
            if attempt.response:
                self._body(attempt.response.body)
            self._insert("attempt", rows.attempt_row(attempt, trace_id))
        for change in trace.changes or ():
            self._insert("row_change", rows.change_row(change, trace_id))
        self._connection.executemany(
            "INSERT INTO planted VALUES (?, ?, ?, ?, ?)",
            [(trace_id, one.marker, one.tenant, one.exchange_id, one.place) for one in trace.planted],
        )
        self._connection.executemany(
            "INSERT INTO renamed VALUES (?, ?, ?)", [(trace_id, old, new) for old, new in trace.renamed]
        )
        return trace_id

    def _body(self, body: Body) -> None:
        digest = rows.body_id(body)
        if digest:
            self._connection.execute("INSERT OR IGNORE INTO body VALUES (?, ?)", (digest, body.data))

    def _finding(self, finding: Finding) -> None:
        self._insert("finding", rows.finding_row(finding), "INSERT OR REPLACE")

    def _not_judged(self, verdict: NotJudged, *, planned: bool) -> None:
        self._connection.execute(
            "INSERT INTO not_judged VALUES (?, ?, ?, ?, ?, ?)",
            (verdict.reason, verdict.detail, verdict.endpoint, verdict.mutator, verdict.case_id, int(planned)),
        )

    def _insert(self, table: str, row: dict[str, Any], verb: str = "INSERT") -> None:
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        self._connection.execute(f"{verb} INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))
