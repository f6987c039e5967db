"""The connection layer: the same few calls over one SQLite connection or a handful of PostgreSQL ones.

Rule: inside `transaction()` nothing is awaited but that transaction's own calls; no payment, no second transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from replay.demo.shop.schema import offset_statements, table_statements
from replay.model.errors import ReplayError

Row = dict[str, Any]
Value = str | int | None


class UniqueError(Exception):
    """A row was refused because a unique index already holds its like."""


class DatabaseUnavailableError(ReplayError):
    """The database cannot be opened or prepared; the message is one sentence for the person who started the shop."""


class Statements(Protocol):
    """What can be asked of a database, in or outside a transaction; `?` stands for a value on both databases."""

    async def rows(self, sql: str, *values: Value) -> list[Row]: ...

    async def row(self, sql: str, *values: Value) -> Row | None: ...

    async def run(self, sql: str, *values: Value) -> None: ...

    async def insert(self, table: str, row: Row) -> int:
        """Stores one row of a table with numbered ids and gives its id."""
        ...


class Database(Statements, Protocol):
    """An open database; outside `transaction()` every statement stands alone."""

    @property
    def lock(self) -> str:
        """What a SELECT ends with so that the row stays as read until the transaction ends."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Statements]: ...

    async def prepare(self, *, unique_enrolments: bool, id_offset: int) -> None: ...

    async def close(self) -> None: ...


def insert_sql(table: str, columns: Sequence[str]) -> str:
    """An INSERT that gives back the new id; table and column names come from this program, never from a request."""
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) RETURNING id"


class _SqliteStatements:
    """Statements run inline in the event loop: each takes microseconds, a thread would cost more."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, *values: Value) -> list[Row]:
        try:
            return [dict(found) for found in self._connection.execute(sql, values).fetchall()]
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_UNIQUE:
                raise UniqueError(str(error)) from error
            raise

    async def row(self, sql: str, *values: Value) -> Row | None:
        found = await self.rows(sql, *values)
        return found[0] if found else None

    async def run(self, sql: str, *values: Value) -> None:
        await self.rows(sql, *values)

    async def insert(self, table: str, row: Row) -> int:
        found = await self.rows(insert_sql(table, tuple(row)), *row.values())
        return int(found[0]["id"])


class SqliteDatabase:
    """One SQLite connection behind a lock, so that a lone statement never lands in another task's transaction."""

    lock = ""  # BEGIN IMMEDIATE already keeps every other writer out

    def __init__(self, path: str) -> None:
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error as error:
            raise DatabaseUnavailableError(f"The SQLite database {path!r} cannot be opened: {error}.") from error
        # SQLite's own lower() knows ASCII only; PostgreSQL's and ours know the rest.
        self._connection.create_function("lower", 1, str.lower, deterministic=True)
        self._statements = _SqliteStatements(self._connection)
        self._guard = asyncio.Lock()

    async def rows(self, sql: str, *values: Value) -> list[Row]:
        async with self._guard:
            return await self._statements.rows(sql, *values)

    async def row(self, sql: str, *values: Value) -> Row | None:
        async with self._guard:
            return await self._statements.row(sql, *values)

    async def run(self, sql: str, *values: Value) -> None:
        async with self._guard:
            await self._statements.run(sql, *values)

    async def insert(self, table: str, row: Row) -> int:
        async with self._guard:
            return await self._statements.insert(table, row)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        async with self._guard:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._statements
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    async def prepare(self, *, unique_enrolments: bool, id_offset: int) -> None:
        try:
            async with self.transaction() as statements:
                for sql in table_statements("sqlite", unique_enrolments=unique_enrolments):
                    await statements.run(sql)
                for sql in offset_statements("sqlite", id_offset):
                    await statements.run(sql)
        except UniqueError as error:
            raise duplicates_left() from error
        except sqlite3.Error as error:
            raise DatabaseUnavailableError(f"The SQLite database cannot be prepared: {error}.") from error

    async def close(self) -> None:
        self._connection.close()


def duplicates_left() -> DatabaseUnavailableError:
    """The refusal to guard a database that already breaks the rule."""
    return DatabaseUnavailableError(
        "The database holds duplicate enrolments left by the fault enrol-race; start the shop on an empty database."
    )
