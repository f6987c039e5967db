"""Writes a run file while the run goes on: a listener of the engine's events.

Rule: evidence of a case is committed before anybody judges it, so a crash or Ctrl-C loses at most the case in flight.
Rule: what the clean replays of one group gave is committed together, when the group is done: it is there, or it is
played on (see `run_pending`).
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from replay.model.body import Body
from replay.model.difference import Coverage, Noise
from replay.model.event import (
    CasePlanned,
    CleanedUp,
    ControlMeasured,
    Event,
    EvidenceReady,
    Found,
    NoiseLearned,
    RunEnded,
    RunStarted,
    UnitDone,
    Unjudged,
    Withdrawn,
)
from replay.model.evidence import Attempt, Evidence, Trace
from replay.model.finding import Finding, NotJudged
from replay.model.run import Fidelity, SessionFidelity
from replay.store import run_rows as rows
from replay.store.files import create_file, finish_file, open_for_update
from replay.store.run_remains import write_remains
from replay.store.run_schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA
from replay.store.run_versions import SCHEMAS, version_of

_BATCH = 500  # rows of one statement: 3 us a row, and 24 us one by one
_MARKS = ", ".join("?" * len(rows.ATTEMPT_COLUMNS))
_INSERT_ATTEMPT = f"INSERT INTO attempt ({', '.join(rows.ATTEMPT_COLUMNS)}) VALUES ({_MARKS})"  # noqa: S608 - our own names
_HELD = (ControlMeasured, NoiseLearned, Found, Unjudged, Withdrawn)  # committed with the unit that they belong to


class RunWriter:
    """One open run file. `on_event` stores what must be stored; everything else passes by."""

    name = "run-file"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.units_done = 0
        self._trace_ids: dict[int, int] = {}
        self._kept_alive: list[Trace] = []  # ids of objects are only unique while the objects live

    @classmethod
    def create(cls, path: Path) -> RunWriter:
        """A new run file. Raises FileFormatError when `path` exists or cannot be written."""
        return cls(create_file(path, SCHEMA, APPLICATION_ID, FORMAT_VERSION, "run file"))

    @classmethod
    def reopen(cls, path: Path) -> RunWriter:
        """An existing run file, to replace its verdicts."""
        version = version_of(path)  # verdicts stand in the same columns in every version
        return cls(open_for_update(path, APPLICATION_ID, version, "run file", SCHEMAS[version]))

    @classmethod
    def resume(cls, path: Path) -> RunWriter:
        """An unfinished run file, to go on with; what it holds of an unfinished case is taken out."""
        connection = open_for_update(path, APPLICATION_ID, FORMAT_VERSION, "run file", SCHEMA)
        with connection:
            ended_by = "('stopped', 'incomplete', 'budget', 'target-failing')"
            connection.execute(f"DELETE FROM not_judged WHERE planned = 1 AND reason IN {ended_by}")  # noqa: S608 - our own names
            for table in ("evidence", "fidelity", "session_fidelity", "difference"):
                connection.execute(f"DELETE FROM {table} WHERE unit NOT IN (SELECT unit FROM done)")  # noqa: S608 - our own names
            connection.execute('DELETE FROM "case" WHERE id NOT IN (SELECT case_id FROM evidence)')
            for table in ("row_change", "renamed", "planted", "attempt"):
                connection.execute(f"DELETE FROM {table} WHERE trace_id NOT IN (SELECT trace_id FROM evidence)")  # noqa: S608 - our own names
            connection.execute("DELETE FROM trace WHERE id NOT IN (SELECT trace_id FROM evidence)")
        return cls(connection)

    def on_event(self, event: Event) -> None:
        self._store(event)
        is_clean = isinstance(event, EvidenceReady) and event.evidence.case is None
        if not is_clean and not isinstance(event, _HELD):
            self._connection.commit()

    def _store(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._start(event)
            case ControlMeasured():
                self._fidelity(event.fidelity, event.sessions, event.unit)
            case NoiseLearned():
                self._noise(event.noise, event.generated)
                self._coverage(event.coverage, event.unit)
            case CasePlanned():
                self._insert('"case"', rows.case_row(event.case))
            case EvidenceReady():
                self._evidence(event.evidence, event.unit)
            case Found():
                self._finding(event.finding)
            case Withdrawn():
                self._connection.execute("DELETE FROM finding WHERE fingerprint = ?", (event.fingerprint,))
            case Unjudged():
                self._not_judged(event.verdict, planned=event.planned)
            case UnitDone():
                self._done(event)
            case CleanedUp():
                write_remains(self._connection, event.remains)
            case RunEnded():
                self._end(event)
            case _:
                pass

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

    def add_findings(self, findings: tuple[Finding, ...]) -> None:
        with self._connection:
            for finding in findings:
                self._finding(finding)

    def close(self) -> None:
        finish_file(self._connection)

    def abandon(self) -> None:
        """Close after a failure: what is stored of the unit at hand may be half of it, so it is taken back."""
        with suppress(sqlite3.Error):
            self._connection.rollback()
        finish_file(self._connection)

    def _start(self, event: RunStarted) -> None:
        counts = {"sessions": event.sessions, "exchanges": event.exchanges}
        self._insert("run", {**rows.run_row(event.run), **counts})

    def _done(self, event: UnitDone) -> None:
        row = (event.unit, event.worlds, event.requests_sent, event.clean)
        self._connection.execute("INSERT INTO done VALUES (?, ?, ?, ?)", row)
        self.units_done += 1
        if event.unit.startswith("clean/"):  # its traces are nobody else's evidence
            self._trace_ids.clear()
            self._kept_alive.clear()

    def _fidelity(self, fidelity: Fidelity, sessions: tuple[SessionFidelity, ...], unit: str) -> None:
        counts = (fidelity.exchanges, fidelity.statuses_reproduced, fidelity.bindings, fidelity.unresolved)
        self._connection.execute("INSERT INTO fidelity VALUES (?, ?, ?, ?, ?)", (unit, *counts))
        self._connection.executemany(
            "INSERT INTO session_fidelity VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    unit,
                    one.session_id,
                    one.exchanges,
                    one.statuses_reproduced,
                    one.bindings,
                    one.unresolved,
                    one.identified,
                    one.in_order,
                    one.on_time,
                    one.first_wrong,
                    int(one.judged),
                )
                for one in sessions
            ],
        )

    def _end(self, event: RunEnded) -> None:
        self._connection.execute(
            "UPDATE run SET ended = started + ?, finished = ?, requests_sent = ?, clean = ?",
            (event.summary.seconds, int(event.finished), event.summary.requests_sent, event.summary.clean),
        )

    def _noise(self, noise: Noise, generated: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO noise VALUES (?, ?, ?, ?, ?, ?)",
            [(one.endpoint, one.place, str(one.relation), one.pairs, one.differing, one.limit) for one in noise.rules],
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO generated VALUES (?, ?)",
            [(entity, rows.text(columns)) for entity, columns in generated],
        )

    def _coverage(self, coverage: tuple[Coverage, ...], unit: str) -> None:
        self._connection.executemany(
            "INSERT INTO coverage VALUES (?, ?, ?, ?, ?, ?)",
            [(unit, one.endpoint, one.answers, one.equal, one.weaker, one.unchecked) for one in coverage],
        )

    def _evidence(self, evidence: Evidence, unit: str) -> None:
        case_id = evidence.case.id if evidence.case else ""
        for trace in evidence.traces:
            row = (case_id, unit, self._trace_id(trace))
            self._connection.execute("INSERT OR IGNORE INTO evidence VALUES (?, ?, ?)", row)
        for difference in evidence.differences:
            self._insert("difference", {"unit": unit, **rows.difference_row(difference)})

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
        self._attempts(trace.attempts, trace_id)
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

    def _attempts(self, attempts: tuple[Attempt, ...], trace_id: int) -> None:
        for first in range(0, len(attempts), _BATCH):
            bodies: dict[bytes, str] = {}  # of this batch: equal ones are hashed once

            def body_id(body: Body, bodies: dict[bytes, str] = bodies) -> str | None:
                if not body.data:
                    return None
                known = bodies.get(body.data)
                if known is None:
                    known = bodies[body.data] = rows.digest(body.data)
                return known

            made = [rows.attempt_cells(one, trace_id, body_id) for one in attempts[first : first + _BATCH]]
            found = [(name, data) for data, name in bodies.items()]
            self._connection.executemany("INSERT OR IGNORE INTO body VALUES (?, ?)", found)
            self._connection.executemany(_INSERT_ATTEMPT, made)

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
