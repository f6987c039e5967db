"""What a run made in the target and what of it is left: rows of the run file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from replay.model.remains import Remains


def write_remains(connection: sqlite3.Connection, remains: Iterable[Remains]) -> None:
    rows = [(one.kind, one.place, one.made, one.deleted, one.unproven) for one in remains]
    connection.executemany("INSERT INTO remains VALUES (?, ?, ?, ?, ?)", rows)


def read_remains(connection: sqlite3.Connection) -> tuple[Remains, ...]:
    """Added up: merged and resumed runs cleaned up once each."""
    found = connection.execute(
        "SELECT kind, place, sum(made), sum(deleted), sum(unproven) FROM remains GROUP BY kind, place"
        " ORDER BY kind, place"
    )
    return tuple(Remains(*row) for row in found)
