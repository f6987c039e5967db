"""The connection layer's PostgreSQL side, over a small pool of psycopg connections.

Rule: a connection goes back to the pool only when its transaction has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import LiteralString

from replay.demo.shop.database import (
    DatabaseUnavailableError,
    Row,
    Statements,
    UniqueError,
    Value,
    duplicates_left,
    insert_sql,
)
from replay.demo.shop.schema import offset_statements, table_statements

try:
    import psycopg
    from psycopg.rows import DictRow, dict_row
except ImportError as error:
    raise DatabaseUnavailableError(
        "A postgresql:// database needs psycopg, which is not installed: pip install 'psycopg[binary]'."
    ) from error

Connection = psycopg.AsyncConnection[DictRow]

_POOL_SIZE = 8
_PREPARE_LOCK = 7_226_001  # any number will do, so long as every shop takes the same advisory lock


@lru_cache(maxsize=256)
def _marks(sql: str) -> LiteralString:
    return sql.replace("?", "%s")


class _PostgresStatements:
    """Statements on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, *values: Value) -> list[Row]:
        try:
            cursor = await self._connection.execute(_marks(sql), values or None)
        except psycopg.errors.UniqueViolation as error:
            raise UniqueError(str(error)) from error
        return await cursor.fetchall() if cursor.description else []

    async def row(self, sql: str, *values: Value) -> Row | None:
        found = await self.rows(sql, *values)
        return found[0] if found else None

    async def run(self, sql: str, *values: Value) -> None:
        await self.rows(sql, *values)

    async def insert(self, table: str, row: Row) -> int:
        found = await self.rows(insert_sql(table, tuple(row)), *row.values())
        return int(found[0]["id"])


class PostgresDatabase:
    """A PostgreSQL database and its idle connections; a caller waits when all of them are busy."""

    lock = " FOR NO KEY UPDATE"  # the weaker lock, so that rows which refer to this one can still be written

    def __init__(self, url: str, connections: list[Connection]) -> None:
        self._url = url
        self._idle = connections
        self._free = asyncio.Semaphore(_POOL_SIZE)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        async with self._free:
            connection = self._idle.pop() if self._idle else await _open(self._url)
            try:
                yield connection
            finally:
                if not connection.closed:
                    self._idle.append(connection)

    async def rows(self, sql: str, *values: Value) -> list[Row]:
        async with self._connection() as connection:
            return await _PostgresStatements(connection).rows(sql, *values)

    async def row(self, sql: str, *values: Value) -> Row | None:
        found = await self.rows(sql, *values)
        return found[0] if found else None

    async def run(self, sql: str, *values: Value) -> None:
        await self.rows(sql, *values)

    async def insert(self, table: str, row: Row) -> int:
        async with self._connection() as connection:
            return await _PostgresStatements(connection).insert(table, row)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        async with self._connection() as connection, connection.transaction():
            yield _PostgresStatements(connection)

    async def prepare(self, *, unique_enrolments: bool, id_offset: int) -> None:
        try:
            async with self.transaction() as statements:
                # Two shops may start on one database at the same time, and CREATE IF NOT EXISTS alone can collide.
                await statements.run(f"SELECT pg_advisory_xact_lock({_PREPARE_LOCK})")
                for sql in table_statements("postgresql", unique_enrolments=unique_enrolments):
                    await statements.run(sql)
                for sql in offset_statements("postgresql", id_offset):
                    await statements.run(sql)
        except UniqueError as error:
            raise duplicates_left() from error
        except psycopg.Error as error:
            raise DatabaseUnavailableError(f"The PostgreSQL database cannot be prepared: {_brief(error)}.") from error

    async def close(self) -> None:
        for connection in self._idle:
            await connection.close()
        self._idle.clear()


async def connect(url: str) -> PostgresDatabase:
    """Opens the database with all its connections: one opened late would blur the races this shop is there to show."""
    connections: list[Connection] = []
    try:
        while len(connections) < _POOL_SIZE:
            connections.append(await _open(url))
        return PostgresDatabase(url, connections)
    except psycopg.Error as error:
        raise DatabaseUnavailableError(f"The PostgreSQL database cannot be reached: {_brief(error)}.") from error


async def _open(url: str) -> Connection:
    return await psycopg.AsyncConnection.connect(url, autocommit=True, row_factory=dict_row)


def _brief(error: Exception) -> str:
    """The first line of a driver's message; libpq's can run over many, and quote the URL never."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
