"""Every cell of any SQLite file as bytes, whatever its schema: for those who look for what must not be there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

MARK = b"SQLite format 3\0"


def is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def every_cell(path: Path) -> Iterator[tuple[str, bytes]]:
    """`table.column` and the cell. Opens the file for writing where a journal is beside it: give it a copy.

    A file that is damaged gives what can be read of it.
    """
    with closing(sqlite3.connect(path)) as database:
        database.text_factory = bytes
        try:
            yield from _schema(database)
            for table in _names(database):
                yield from _cells(database, table)
        except sqlite3.DatabaseError:  # damaged by a crash: the raw bytes are looked at as well
            return


def dictionaries(path: Path) -> list[bytes]:
    """What a capture's cells may be packed with; none of other files."""
    with closing(sqlite3.connect(path)) as database:
        try:
            return [row[0] for row in database.execute("SELECT data FROM dictionary") if isinstance(row[0], bytes)]
        except sqlite3.DatabaseError:
            return []


def _names(database: sqlite3.Connection) -> list[str]:
    rows = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return [bytes(row[0]).decode("utf-8", "replace") for row in rows]


def _schema(database: sqlite3.Connection) -> Iterator[tuple[str, bytes]]:
    for row in database.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"):
        yield "schema", row[0]


def _cells(database: sqlite3.Connection, table: str) -> Iterator[tuple[str, bytes]]:
    quoted = table.replace('"', '""')
    rows = database.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - a name cannot be bound
    columns = [column[0] for column in rows.description]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            if isinstance(value, bytes):
                yield f"{table}.{column}", value
            elif isinstance(value, int):
                yield f"{table}.{column}", str(value).encode()
