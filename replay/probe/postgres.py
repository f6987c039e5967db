"""Reads a PostgreSQL schema: what was committed since the last look, told by a logical slot or by transaction numbers.

    pg_current_snapshot() the same? -> nothing
    with a slot: the keys that it names, and the rows that stand under them now
    else, in one REPEATABLE READ READ ONLY transaction: count every table and its rows with a newer xmin (one query),
    fetch those rows, and the keys of a table only when more rows went than came

A row whose xmin is older than the last snapshot's was seen then and is unchanged; so the newer rows and the count tell
everything. The last seen rows are kept in memory, because an update's and a delete's `before` is nowhere else; with a
slot those of large tables are not. Measured by xmin, 20 tables on 2 shared cores: 14 ms at 10 000 rows, 39 ms at
100 000 (a delete there 170), 0.4 ms when nothing was committed; the first look 0.9 s at 100 000 rows. A slot's cost
does not grow with the tables (tests/benchmarks/postgres_probe.py).

Rule: no transaction stays open between looks. Row security is switched off for the session: a role that would be shown
a part of the rows gets an error instead of a false "nothing changed".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from replay.model.errors import ProbeError, UsageError
from replay.model.reading import Reading
from replay.probe.postgres_look import Mark, look
from replay.probe.postgres_schema import Watched, partition_roots, read_catalogue, watched_tables
from replay.probe.postgres_slot import Line, NoSlotError, Slot, Touched, is_visible, tables_of, touched_by
from replay.probe.settle import wait_quiet
from replay.probe.snapshot import generated_of

_TIMEOUT_SECONDS = 5
_SETTINGS = (
    f"SET statement_timeout = '{_TIMEOUT_SECONDS}s'",
    f"SET lock_timeout = '{_TIMEOUT_SECONDS}s'",
    "SET timezone = 'UTC'",
    "SET datestyle = 'ISO, YMD'",
    "SET row_security = off",
)
_SNAPSHOT = text("SELECT pg_current_snapshot()::text, pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_REASONS = {  # https://www.postgresql.org/docs/current/errcodes-appendix.html
    "28P01": "it refused the credentials",
    "28000": "it refused the credentials",
    "3D000": "there is no such database",
    "42501": "this role lacks a right; row security must not apply to it",
    "42883": "it is older than PostgreSQL 13",
    "55P03": f"a table stayed locked for {_TIMEOUT_SECONDS} seconds",
    "57014": f"a query took longer than {_TIMEOUT_SECONDS} seconds",
}

_SLOWLY_SECONDS = 0.05
_BEHIND_SECONDS = 0.7  # a commit without synchronous_commit is on disk after three times wal_writer_delay (200 ms)


class PostgresProbe:
    """`read` answers the rows that changed since the previous `read`; the first call only takes the mark."""

    def __init__(self, url: str, schema: str = "public") -> None:
        try:
            parsed = make_url(url).set(drivername="postgresql+psycopg")
        except (ArgumentError, ValueError):  # ValueError: the port is no number
            raise UsageError("The database URL does not read as postgresql://USER:PASSWORD@HOST:PORT/NAME.") from None
        self._place = f"{parsed.host or 'local socket'}/{parsed.database or ''}"
        self._schema = schema
        self._engine = create_engine(
            parsed,
            poolclass=NullPool,
            isolation_level="REPEATABLE READ",
            hide_parameters=True,
            connect_args={"connect_timeout": _TIMEOUT_SECONDS},
        )
        self._connection: Connection | None = None
        self._mark = Mark()
        self._slot: Slot | None = None
        self._lines: list[Line] = []  # what the slot told since the last look that succeeded
        self._without_slot = ""  # why
        self._turn = asyncio.Lock()

    def __repr__(self) -> str:
        return f"PostgresProbe({self._place})"

    @property
    def name(self) -> str:
        if self._slot is not None:
            return "postgres (logical slot)"
        return f"postgres (row versions: {self._without_slot})" if self._without_slot else "postgres"

    async def read(self) -> Reading:
        async with self._turn:
            return await asyncio.to_thread(self._guarded, self._read)

    async def settle(self, quiet_seconds: float, limit_seconds: float) -> bool:
        return await wait_quiet(self._gate, quiet_seconds, limit_seconds)

    async def close(self) -> None:
        async with self._turn:
            await asyncio.to_thread(self._disconnect)

    async def _gate(self) -> Hashable:
        async with self._turn:
            return await asyncio.to_thread(self._guarded, self._read_snapshot)

    def _guarded(self, work: Any) -> Any:
        try:
            return work(self._connected())
        except SQLAlchemyError as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                self._disconnect()
            raise ProbeError(f"The database {self._place} cannot be read: {_reason(error)}.") from None

    def _read_snapshot(self, connection: Connection) -> str:
        with connection.begin():
            return str(connection.execute(_SNAPSHOT).one()[0])

    def _read(self, connection: Connection) -> Reading:
        old = self._mark
        is_told = self._slot is not None  # since the last look
        if not is_told:
            self._take_slot()
        with connection.begin():
            snapshot, xmin = connection.execute(_SNAPSHOT).one()
            if snapshot == old.snapshot:
                return Reading((), generated_of([one.shape for one in old.watched]))
            self._listen()
            seen = [line for line in self._lines if is_visible(line[0], snapshot)]
            catalogue = read_catalogue(connection, self._schema)
            watched = old.watched if catalogue == old.catalogue else watched_tables(catalogue, self._schema)
            known = {one.shape.entity: one for one in old.watched}
            altered = [one.shape.entity for one in watched if _is_altered(known.get(one.shape.entity), one)]
            touched = self._touched(connection, watched, seen) if is_told else None
            has_slot = self._slot is not None
            rows, changes = look(connection, self._schema, watched, altered, old, touched, has_slot=has_slot)
        self._mark = Mark(snapshot, xmin, catalogue, watched, rows)
        self._lines = [line for line in self._lines if not is_visible(line[0], snapshot)]
        if altered:
            raise ProbeError(f"The columns of table {self._schema}.{altered[0]} changed between two readings.")
        return Reading(tuple(changes), generated_of([one.shape for one in watched]))

    def _take_slot(self) -> None:
        """Before the rows are read, so that nothing falls between them and the slot."""
        if self._slot is not None or self._without_slot:
            return
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            for setting in _SETTINGS:
                connection.execute(text(setting))
            self._slot = Slot(connection)
        except NoSlotError as reason:
            connection.close()
            self._without_slot = str(reason)

    def _listen(self) -> None:
        if self._slot is None:
            return
        waited = 0.0
        while True:
            found = self._slot.read()
            self._lines += found
            if found or waited >= _BEHIND_SECONDS or not self._slot.is_behind():
                return
            time.sleep(_SLOWLY_SECONDS)
            waited += _SLOWLY_SECONDS

    def _touched(self, connection: Connection, watched: tuple[Watched, ...], seen: list[Line]) -> dict[str, Touched]:
        keys = {one.shape.entity: one.shape.key for one in watched}
        is_plain = tables_of(seen, self._schema) <= keys.keys()
        return touched_by(seen, self._schema, keys, {} if is_plain else partition_roots(connection, self._schema))

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = self._engine.connect().execution_options(postgresql_readonly=True)
            self._connection = connection
            with connection.begin():
                for setting in _SETTINGS:
                    connection.execute(text(setting))
        return self._connection

    def _disconnect(self) -> None:
        """A slot goes with its connection, and with it what it would have told: the next look compares row versions."""
        if self._connection is not None:
            self._connection.close()
        if self._slot is not None:
            self._slot.close()
            self._lines = []
        self._connection = self._slot = None


def _is_altered(old: Watched | None, new: Watched) -> bool:
    return old is not None and old.signature != new.signature


def _reason(error: SQLAlchemyError) -> str:
    """Never the driver's text: it may quote a value or the connection string."""
    state = str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
    known = _REASONS.get(state)
    if known:
        return known
    return f"SQLSTATE {state}" if state else f"no answer ({type(getattr(error, 'orig', None) or error).__name__})"
