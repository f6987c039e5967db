"""What stands behind single findings, read one at a time: no report holds all evidence of a large run in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from replay.model.errors import FileFormatError
from replay.model.evidence import Attempt, Role, Trace
from replay.model.reading import RowChange
from replay.store import run_rows as rows
from replay.store.run_figures import Figures, figures_of

Result = TypeVar("Result")
_LEADING = 400  # attempts of a clean session that are read to show the way to one of its exchanges
_SESSION = "SELECT * FROM attempt WHERE trace_id = ? AND session_id = ? AND id <= ? ORDER BY id DESC LIMIT ?"
_ANSWER = "SELECT body.data FROM attempt JOIN body ON body.id = response_body_id WHERE attempt.id = ?"
_TRACES = """
SELECT trace.id, trace.role, trace.world, trace.has_rows FROM evidence JOIN trace ON trace.id = evidence.trace_id
WHERE evidence.case_id = ? ORDER BY trace.id
"""


@dataclass(frozen=True, slots=True, repr=False)
class CaseCount:
    """Cases of one mutator at one endpoint, by the word for what must then hold."""

    mutator: str
    expectation: str
    endpoint: str
    ids: tuple[str, ...]


class SceneReader:
    """Over the connection of an open run file (`RunReader.scenes`). Raises FileFormatError when a row is damaged."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._path = path
        self._connection = connection
        self._clean: list[tuple[int, str]] | None = None
        self._where: dict[str, dict[int, int]] = {}  # exchange -> trace -> attempt

    def figures(self, parts: int) -> Figures:
        return self._careful(lambda: figures_of(self._connection, parts))

    def cases(self) -> tuple[CaseCount, ...]:
        found: dict[tuple[str, str, str], list[str]] = {}
        sql = 'SELECT mutator, expectation, endpoint, id FROM "case" ORDER BY 1, 2, 3, 4'
        for mutator, expectation, endpoint, case_id in self._careful(lambda: self._connection.execute(sql).fetchall()):
            found.setdefault((mutator, expectation, endpoint), []).append(case_id)
        return tuple(CaseCount(*key, tuple(ids)) for key, ids in found.items())

    def case(self, case_id: str) -> tuple[Trace, ...]:
        """The case's last control and its first mutated trace, in this order; what is not there is left out."""
        heads = self._careful(lambda: self._connection.execute(_TRACES, (case_id,)).fetchall())
        controls = [one for one in heads if one[1] == Role.CONTROL]
        mutated = [one for one in heads if one[1] == Role.MUTATED]
        wanted = (*controls[-1:], *mutated[:1])
        return self._careful(lambda: tuple(self._trace(*one) for one in wanted))

    def expect(self, exchange_ids: Iterable[str]) -> None:
        """Find these exchanges in the recording and the clean replays, all in one pass."""
        wanted = set(exchange_ids)
        traces = [trace_id for trace_id, _ in self._clean_traces()]
        if not wanted or not traces:
            return
        marks = ", ".join("?" * len(traces))
        sql = f"SELECT id, trace_id, exchange_id FROM attempt WHERE trace_id IN ({marks})"  # noqa: S608 - marks only
        found = self._careful(lambda: [one for one in self._connection.execute(sql, traces) if one[2] in wanted])
        for attempt_id, trace_id, exchange_id in found:
            self._where.setdefault(exchange_id, {})[trace_id] = attempt_id

    def exchange(self, exchange_id: str, texts: Collection[str] = ()) -> tuple[Trace, ...]:
        """The session up to this exchange, as recorded and as replayed; ask for it with `expect` first.

        Of several clean replays the one whose answer holds most of `texts`, else the first.
        """
        return self._careful(lambda: tuple(self._up_to(exchange_id, [one.encode() for one in texts if one])))

    def _up_to(self, exchange_id: str, texts: Sequence[bytes]) -> Iterator[Trace]:
        where = self._where.get(exchange_id, {})
        recorded = [one for one in self._clean_traces() if one[0] in where and one[1] == Role.RECORDED]
        clean = [one for one in self._clean_traces() if one[0] in where and one[1] == Role.CLEAN]
        if texts:
            clean.sort(key=lambda one: -self._held(where[one[0]], texts))  # stable: the first of equal ones stays first
        for trace_id, role in (*recorded[:1], *clean[:1]):
            session = self._connection.execute("SELECT session_id FROM attempt WHERE id = ?", (where[trace_id],))
            (session_id,) = session.fetchone()
            attempts = self._attempts(_SESSION, (trace_id, session_id, where[trace_id], _LEADING))
            yield Trace(Role(role), 0, attempts[::-1], None, (), self._renamed(trace_id))

    def _held(self, attempt_id: int, texts: Sequence[bytes]) -> int:
        row = self._connection.execute(_ANSWER, (attempt_id,)).fetchone()
        return sum(text in bytes(row[0]) for text in texts) if row else 0

    def _clean_traces(self) -> list[tuple[int, str]]:
        """Those of the clean replays, and the recording that they are compared with."""
        if self._clean is None:
            heads = self._careful(lambda: self._connection.execute(_TRACES, ("",)).fetchall())
            self._clean = [(one[0], one[1]) for one in heads if one[1] in {Role.RECORDED, Role.CLEAN}]
        return self._clean

    def _trace(self, trace_id: int, role: str, world: int, has_rows: int) -> Trace:
        attempts = self._attempts("SELECT * FROM attempt WHERE trace_id = ? ORDER BY id", (trace_id,))
        changes = self._changes(trace_id) if has_rows else None
        return Trace(Role(role), world, attempts, changes, (), self._renamed(trace_id))

    def _attempts(self, sql: str, values: Sequence[Any]) -> tuple[Attempt, ...]:
        found = self._dicts(sql, values)
        names = {row[name] for row in found for name in ("request_body_id", "response_body_id") if row[name]}
        bodies = {}
        for name in names:
            row = self._connection.execute("SELECT data FROM body WHERE id = ?", (name,)).fetchone()
            bodies[name] = bytes(row[0]) if row else b""
        return tuple(rows.attempt_of(row, bodies) for row in found)

    def _changes(self, trace_id: int) -> tuple[RowChange, ...]:
        found = self._dicts("SELECT * FROM row_change WHERE trace_id = ? ORDER BY rowid", (trace_id,))
        return tuple(rows.change_of(row) for row in found)

    def _renamed(self, trace_id: int) -> tuple[tuple[str, str], ...]:
        sql = "SELECT recorded, live FROM renamed WHERE trace_id = ? ORDER BY rowid"
        return tuple((str(old), str(new)) for old, new in self._connection.execute(sql, (trace_id,)))

    def _dicts(self, sql: str, values: Sequence[Any]) -> list[rows.Row]:
        with closing(self._connection.execute(sql, values)) as cursor:
            names = [one[0] for one in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _careful(self, read: Callable[[], Result]) -> Result:
        """A row that our writer would not have made is the file's fault, not a bug of ours."""
        try:
            return read()
        except (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise FileFormatError(f"{self._path} is damaged: a row cannot be read ({type(error).__name__}).") from None
