"""Reads a run file back: evidence for oracles, verdicts for reporters. A run file may come from somewhere else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from replay.model.difference import Noise, NoiseRule, Relation
from replay.model.errors import FileFormatError
from replay.model.evidence import Evidence, Planted, Role, Trace
from replay.model.finding import Finding, NotJudged
from replay.model.run import Fidelity, RunInfo
from replay.store import run_rows as rows
from replay.store.files import open_readonly
from replay.store.run_schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA


class RunReader:
    """One open run file, read-only. Raises FileFormatError when it is not one."""

    def __init__(self, path: Path) -> None:
        self._connection = open_readonly(path, SCHEMA, APPLICATION_ID, FORMAT_VERSION, "run file")
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        self._connection.close()

    def info(self) -> RunInfo:
        row = self._run()
        return RunInfo(
            id=row["id"],
            command=row["command"],
            capture_id=row["capture_id"],
            target=row["target"],
            seed=row["seed"],
            started=row["started"],
            mutators=tuple(rows.value(row["mutators"])),
            oracles=tuple(rows.value(row["oracles"])),
            database=row["database"],
            tool_version=row["tool_version"],
            ended=row["ended"],
            finished=bool(row["finished"]),
        )

    def counts(self) -> dict[str, int]:
        """Sessions, exchanges and requests of the run; how many cases it planned, and how many were clean."""
        row = self._run()
        cases = self._connection.execute('SELECT count(*) FROM "case"').fetchone()[0]
        return {name: row[name] for name in ("sessions", "exchanges", "requests_sent", "clean")} | {"cases": cases}

    def fidelity(self) -> Fidelity:
        row = self._connection.execute("SELECT * FROM fidelity").fetchone()
        return Fidelity(*row) if row else Fidelity(0, 0, 0, 0)

    def noise(self) -> Noise:
        found = self._connection.execute("SELECT * FROM noise ORDER BY endpoint, place")
        return Noise(
            tuple(
                NoiseRule(row["endpoint"], row["place"], Relation(row["relation"]), row["pairs"], row["differing"])
                for row in found
            )
        )

    def findings(self) -> tuple[Finding, ...]:
        found = self._connection.execute("SELECT * FROM finding ORDER BY rowid")
        return tuple(rows.finding_of(dict(row)) for row in found)

    def not_judged(self, *, planned_only: bool = False) -> tuple[NotJudged, ...]:
        found = self._connection.execute(
            "SELECT * FROM not_judged WHERE planned >= ? ORDER BY rowid", (int(planned_only),)
        )
        return tuple(rows.not_judged_of(dict(row)) for row in found)

    def evidences(self) -> Iterator[Evidence]:
        """The clean replays first, then every case that has evidence, in the order in which they were made."""
        generated = self._generated()
        everywhere = self._planted_everywhere()
        case_ids = self._connection.execute("SELECT case_id, min(trace_id) AS first FROM evidence GROUP BY 1")
        for case_id, _ in sorted(case_ids.fetchall(), key=lambda row: (row["case_id"] != "", row["first"])):
            yield self._evidence(case_id, generated, everywhere)

    def _evidence(
        self,
        case_id: str,
        generated: tuple[tuple[str, tuple[str, ...]], ...],
        everywhere: dict[int, tuple[Planted, ...]],
    ) -> Evidence:
        case = None
        if case_id:
            row = self._connection.execute('SELECT * FROM "case" WHERE id = ?', (case_id,)).fetchone()
            case = rows.case_of(dict(row))
        ids = [
            row["trace_id"]
            for row in self._connection.execute(
                "SELECT trace_id FROM evidence WHERE case_id = ? ORDER BY trace_id", (case_id,)
            )
        ]
        traces = tuple(self._trace(trace_id, everywhere) for trace_id in ids)
        differences = ()
        if case is None:
            found = self._connection.execute("SELECT * FROM difference ORDER BY rowid")
            differences = tuple(rows.difference_of(dict(row)) for row in found)  # type: ignore[assignment]
        elsewhere = tuple(one for trace_id, planted in everywhere.items() if trace_id not in ids for one in planted)
        return Evidence(case, traces, differences, generated, elsewhere)

    def _trace(self, trace_id: int, everywhere: dict[int, tuple[Planted, ...]]) -> Trace:
        head = self._connection.execute("SELECT * FROM trace WHERE id = ?", (trace_id,)).fetchone()
        found = self._connection.execute("SELECT * FROM attempt WHERE trace_id = ? ORDER BY id", (trace_id,)).fetchall()
        bodies = self._bodies(trace_id)
        changes = None
        if head["has_rows"]:
            changed = self._connection.execute(
                "SELECT * FROM row_change WHERE trace_id = ? ORDER BY rowid", (trace_id,)
            )
            changes = tuple(rows.change_of(dict(row)) for row in changed)
        renamed = self._connection.execute(
            "SELECT recorded, live FROM renamed WHERE trace_id = ? ORDER BY rowid", (trace_id,)
        )
        return Trace(
            role=Role(head["role"]),
            world=head["world"],
            attempts=tuple(rows.attempt_of(dict(row), bodies) for row in found),
            changes=changes,
            planted=everywhere.get(trace_id, ()),
            renamed=tuple((row["recorded"], row["live"]) for row in renamed),
        )

    def _bodies(self, trace_id: int) -> dict[str, bytes]:
        found = self._connection.execute(
            "SELECT id, data FROM body WHERE id IN (SELECT request_body_id FROM attempt WHERE trace_id = :trace"
            " UNION SELECT response_body_id FROM attempt WHERE trace_id = :trace)",
            {"trace": trace_id},
        )
        return {row["id"]: bytes(row["data"]) for row in found}

    def _generated(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        found = self._connection.execute("SELECT * FROM generated ORDER BY entity")
        return tuple((row["entity"], tuple(rows.value(row["columns"]))) for row in found)

    def _planted_everywhere(self) -> dict[int, tuple[Planted, ...]]:
        out: dict[int, list[Planted]] = {}
        for row in self._connection.execute("SELECT * FROM planted ORDER BY rowid"):
            one = Planted(row["marker"], row["tenant"], row["exchange_id"], row["place"])
            out.setdefault(row["trace_id"], []).append(one)
        return {trace_id: tuple(planted) for trace_id, planted in out.items()}

    def _run(self) -> sqlite3.Row:
        row: sqlite3.Row | None = self._connection.execute("SELECT * FROM run").fetchone()
        if row is None:
            raise FileFormatError("This run file holds no run: it ended before it began. Run again.")
        return row
