"""Reads a run file back: evidence for oracles, verdicts for reporters. A run file may come from somewhere else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from sqlite_utils import Database

from replay.model.difference import Coverage, Difference, DifferenceKind, Noise, NoiseRule, Relation
from replay.model.errors import FileFormatError
from replay.model.evidence import Evidence, Planted, Role, Trace
from replay.model.finding import Finding, NotJudged
from replay.model.load import Load
from replay.model.remains import Remains
from replay.model.run import Fidelity, RunInfo, SessionFidelity
from replay.store import run_rows as rows
from replay.store.files import open_readonly
from replay.store.run_load import load_of
from replay.store.run_remains import read_remains
from replay.store.run_scenes import SceneReader
from replay.store.run_schema import APPLICATION_ID
from replay.store.run_versions import SCHEMAS

_HAS_UNITS = "SELECT count(*) FROM sqlite_master WHERE name = 'done'"  # since version 2
_HAS_COVERAGE = "SELECT count(*) FROM sqlite_master WHERE name = 'coverage'"  # since version 3
_COVERAGE = (
    "SELECT endpoint, sum(answers) AS answers, sum(equal) AS equal, sum(weaker) AS weaker, sum(unchecked) AS unchecked"
    " FROM coverage GROUP BY endpoint ORDER BY endpoint"
)
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def _reading(method: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """A row that our writer would not have made is the file's fault, not a bug of ours."""

    @wraps(method)
    def careful(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            return method(*args, **kwargs)
        except (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise FileFormatError(f"The run file is damaged: a row cannot be read ({type(error).__name__}).") from None

    return careful


@dataclass(frozen=True, slots=True)
class Done:
    """What a complete unit left: see `model.event.UnitDone`."""

    worlds: int
    requests_sent: int
    clean: int


class RunReader:
    """One open run file, read-only. Raises FileFormatError when it is not one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        connection = open_readonly(path, SCHEMAS, APPLICATION_ID, "run file")
        self._is_older = connection.execute(_HAS_UNITS).fetchone()[0] == 0
        # No plugins and no PRAGMA: the file may come from somewhere else, and nothing is allowed but to read it.
        self._database = Database(connection, recursive_triggers=False, execute_plugins=False)

    def close(self) -> None:
        self._database.conn.close()

    def scenes(self) -> SceneReader:
        """For reports: single pieces of evidence and figures of all; good for as long as this file is open."""
        return SceneReader(self._database.conn, self._path)

    @_reading
    def has_run(self) -> bool:
        """False: whoever made the file died before its run began."""
        return next(iter(self._database.query("SELECT 1 AS found FROM run")), None) is not None

    @_reading
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
            settings=tuple((name, text) for name, text in rows.value(row.get("settings", "[]"))),
            shard=row.get("shard", ""),
            parts=row.get("parts", 1),
        )

    @_reading
    def counts(self) -> dict[str, int]:
        """Sessions, exchanges and requests of the run; how many cases it planned, and how many were clean."""
        row = self._run()
        cases = self._one('SELECT count(*) AS n FROM "case"')["n"]
        return {name: row[name] for name in ("sessions", "exchanges", "requests_sent", "clean")} | {"cases": cases}

    @_reading
    def fidelity(self) -> Fidelity:
        total = Fidelity(0, 0, 0, 0)
        for one in self.fidelities().values():
            total = total.plus(one)
        return total

    @_reading
    def fidelities(self) -> dict[str, Fidelity]:
        """By unit."""
        names = ("exchanges", "statuses_reproduced", "bindings", "unresolved")
        found = self._database.query("SELECT * FROM fidelity")
        return {row.get("unit", ""): Fidelity(*(row[name] for name in names)) for row in found}

    @_reading
    def unjudged_sessions(self) -> tuple[SessionFidelity, ...]:
        """The sessions that were below the floor through replay's own doing."""
        if self._is_older:
            return ()
        found = self._database.query("SELECT * FROM session_fidelity WHERE judged = 0 ORDER BY rowid")
        names = [one.name for one in fields(SessionFidelity)]
        return tuple(SessionFidelity(**{**{name: row[name] for name in names}, "judged": False}) for row in found)

    @_reading
    def done(self) -> dict[str, Done]:
        """The units that are complete, in the order in which they ended."""
        if self._is_older:
            return {}
        found = self._database.query("SELECT * FROM done ORDER BY rowid")
        return {row["unit"]: Done(row["worlds"], row["requests_sent"], row["clean"]) for row in found}

    @_reading
    def noise(self) -> Noise:
        found = self._database.query("SELECT * FROM noise ORDER BY endpoint, place")
        return Noise(
            tuple(
                NoiseRule(
                    *(row["endpoint"], row["place"], Relation(row["relation"])),
                    *(row["pairs"], row["differing"], row.get("tolerance", 0.0)),
                )
                for row in found
            )
        )

    @_reading
    def coverage(self) -> tuple[Coverage, ...]:
        """By endpoint; empty for a file of an older version."""
        if self._database.conn.execute(_HAS_COVERAGE).fetchone()[0] == 0:
            return ()
        return tuple(Coverage(**row) for row in self._database.query(_COVERAGE))

    @_reading
    def load(self) -> Load:
        """Latency, lag and throughput of everything that was sent."""
        return load_of(self._database.conn, self._run().get("parts", 1))

    @_reading
    def remains(self) -> tuple[Remains, ...]:
        """What the run left in the target; empty when nobody counted."""
        return () if self._is_older else read_remains(self._database.conn)

    @_reading
    def differences(self, wanted: Collection[tuple[str, str]]) -> tuple[Difference, ...]:
        """Those at (exchange, place) that are wanted, of all units."""
        found = self._database.query("SELECT * FROM difference ORDER BY rowid") if wanted else ()
        return tuple(rows.difference_of(row) for row in found if (row["exchange_id"], row["place"]) in wanted)

    @_reading
    def difference_groups(self) -> dict[tuple[DifferenceKind, str, str], int]:
        """By kind, endpoint and place: in how many groups of sessions such a difference was seen."""
        sql = "SELECT kind, endpoint, place, count(DISTINCT unit) AS n FROM difference GROUP BY 1, 2, 3"
        found = () if self._is_older else self._database.query(sql)
        return {(DifferenceKind(row["kind"]), row["endpoint"], row["place"]): row["n"] for row in found}

    @_reading
    def findings(self) -> tuple[Finding, ...]:
        found = self._database.query("SELECT * FROM finding ORDER BY rowid")
        return tuple(rows.finding_of(row) for row in found)

    @_reading
    def not_judged(self, *, planned_only: bool = False) -> tuple[NotJudged, ...]:
        found = self._database.query("SELECT * FROM not_judged WHERE planned >= ? ORDER BY rowid", (int(planned_only),))
        return tuple(rows.not_judged_of(row) for row in found)

    def evidences(self, skip: Collection[str] = ()) -> Iterator[Evidence]:
        """The clean replays first, then every case that has evidence, in the order in which they were made.

        `skip` names units whose clean replays are left out.
        """
        generated = self._generated()
        everywhere = self._planted_everywhere()
        for case_id, unit in self._units():
            if unit in skip and not case_id:
                continue
            yield self._evidence(case_id, unit, generated, everywhere)

    @_reading
    def _units(self) -> list[tuple[str, str]]:
        """Case (empty: clean replays) and unit, clean ones first."""
        unit = "''" if self._is_older else "unit"
        sql = f"SELECT case_id, {unit} AS unit, min(trace_id) AS first FROM evidence GROUP BY 1, 2"  # noqa: S608 - our own names
        found = sorted(self._database.query(sql), key=lambda row: (row["case_id"] != "", row["first"]))
        return [(row["case_id"], row["unit"]) for row in found]

    @_reading
    def _evidence(
        self,
        case_id: str,
        unit: str,
        generated: tuple[tuple[str, tuple[str, ...]], ...],
        everywhere: dict[int, tuple[Planted, ...]],
    ) -> Evidence:
        case = None
        if case_id:
            case = rows.case_of(self._one('SELECT * FROM "case" WHERE id = ?', (case_id,)))
        of_unit, values = ("1 = 1", ()) if self._is_older else ("unit = ?", (unit,))
        sql = f"SELECT trace_id FROM evidence WHERE case_id = ? AND {of_unit} ORDER BY trace_id"  # noqa: S608 - our own names
        ids = [row["trace_id"] for row in self._database.query(sql, (case_id, *values))]
        traces = tuple(self._trace(trace_id, everywhere) for trace_id in ids)
        sql = f"SELECT * FROM difference WHERE {of_unit} ORDER BY rowid"  # noqa: S608 - as above, our own words
        found = self._database.query(sql, values) if case is None else ()
        differences = tuple(rows.difference_of(row) for row in found)
        elsewhere = tuple(one for trace_id, planted in everywhere.items() if trace_id not in ids for one in planted)
        return Evidence(case, traces, differences, generated, elsewhere)

    def _trace(self, trace_id: int, everywhere: dict[int, tuple[Planted, ...]]) -> Trace:
        head = self._one("SELECT * FROM trace WHERE id = ?", (trace_id,))
        found = self._database.query("SELECT * FROM attempt WHERE trace_id = ? ORDER BY id", (trace_id,))
        bodies = self._bodies(trace_id)
        changes = None
        if head["has_rows"]:
            changed = self._database.query("SELECT * FROM row_change WHERE trace_id = ? ORDER BY rowid", (trace_id,))
            changes = tuple(rows.change_of(row) for row in changed)
        renamed = self._database.query(
            "SELECT recorded, live FROM renamed WHERE trace_id = ? ORDER BY rowid", (trace_id,)
        )
        return Trace(
            role=Role(head["role"]),
            world=head["world"],
            attempts=tuple(rows.attempt_of(row, bodies) for row in found),
            changes=changes,
            planted=everywhere.get(trace_id, ()),
            renamed=tuple((row["recorded"], row["live"]) for row in renamed),
        )

    def _bodies(self, trace_id: int) -> dict[str, bytes]:
        found = self._database.query(
            "SELECT id, data FROM body WHERE id IN (SELECT request_body_id FROM attempt WHERE trace_id = :trace"
            " UNION SELECT response_body_id FROM attempt WHERE trace_id = :trace)",
            {"trace": trace_id},
        )
        return {row["id"]: memoryview(row["data"]).tobytes() for row in found}

    @_reading
    def _generated(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        found = self._database.query("SELECT * FROM generated ORDER BY entity")
        return tuple((row["entity"], tuple(rows.value(row["columns"]))) for row in found)

    @_reading
    def _planted_everywhere(self) -> dict[int, tuple[Planted, ...]]:
        out: dict[int, list[Planted]] = {}
        for row in self._database.query("SELECT * FROM planted ORDER BY rowid"):
            one = Planted(row["marker"], row["tenant"], row["exchange_id"], row["place"])
            out.setdefault(row["trace_id"], []).append(one)
        return {trace_id: tuple(planted) for trace_id, planted in out.items()}

    def _run(self) -> rows.Row:
        row = next(self._database.query("SELECT * FROM run"), None)
        if row is None:
            raise FileFormatError(f"{self._path} holds no run: it ended before it began. Run again.")
        return row

    def _one(self, sql: str, values: tuple[object, ...] = ()) -> rows.Row:
        row: rows.Row | None = next(self._database.query(sql, values), None)
        if row is None:
            raise FileFormatError(f"{self._path} is damaged: a row that others refer to is missing.")
        return row
