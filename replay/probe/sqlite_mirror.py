"""The mirror: SQLite's TEMP database, in memory and ours alone, holds every row as it was last seen.

    main.note LEFT JOIN temp."mirror of note"  ->  rows that are new or differ  ->  row changes, and the mirror follows

Rule: one look is one transaction, of the mirror too: a look that fails leaves mirror and mark as they were.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from replay.model.reading import RowChange
from replay.probe.cell import cell_of, mark_bytes
from replay.probe.snapshot import Row, row_changes
from replay.probe.sqlite_schema import Watched, watched_tables

Raw: TypeAlias = "None | int | float | str | bytes"

BUSY_SECONDS = 1.0  # SQLite itself waits this long for a lock, each time


@dataclass(frozen=True, slots=True)
class Mark:
    """What the mirror stands for. `version` -1: nothing was looked at yet."""

    version: int = -1
    schema_version: int = -1
    watched: tuple[Watched, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    mark: Mark
    changes: tuple[RowChange, ...] = ()
    altered: tuple[str, ...] = ()  # tables whose columns changed: nothing can be said about their rows


def open_beside(path: Path) -> sqlite3.Connection:
    """A connection that cannot write to the file. Raises sqlite3.Error when there is none."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(
        uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    try:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.create_function("replay_mark", 1, mark_bytes, deterministic=True)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def version_of(connection: sqlite3.Connection) -> int:
    """Differs after every commit of another connection; costs microseconds."""
    return _pragma(connection, "data_version")


def look(connection: sqlite3.Connection, mark: Mark) -> Look:
    """What was committed since `mark`. Nothing is read when nothing was."""
    if version_of(connection) == mark.version:
        return Look(mark)
    connection.execute("BEGIN")
    try:
        connection.execute("SELECT 1 FROM main.sqlite_master LIMIT 1").fetchone()  # the snapshot starts here
        seen = _look_inside(connection, mark)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return seen


def _look_inside(connection: sqlite3.Connection, mark: Mark) -> Look:
    schema_version = _pragma(connection, "schema_version")
    same_schema = schema_version == mark.schema_version
    watched = mark.watched if same_schema else watched_tables(connection)
    known = {one.shape.entity: one for one in mark.watched}
    counts: dict[str, int] = {}
    changes: list[RowChange] = []
    altered: list[str] = []
    for one in watched:
        entity = one.shape.entity
        old = known.pop(entity, None)
        count = counts[entity] = connection.execute(one.count).fetchone()[0]
        if old is not None and old.create == one.create and old.shape.columns == one.shape.columns:
            changes += _changes(connection, one, mark.counts[entity], count)
            continue
        if old is not None:
            connection.execute(old.drop)
            altered.append(entity)
        connection.execute(one.create)
        if mark.version != -1 and old is None:
            changes += _changes(connection, one, 0, count)  # a table created since the last look: all its rows are new
        else:
            connection.execute(one.fill)
    for gone in known.values():
        connection.execute(gone.drop)
    return Look(Mark(version_of(connection), schema_version, watched, counts), tuple(changes), tuple(altered))


def _changes(connection: sqlite3.Connection, one: Watched, was: int, count: int) -> tuple[RowChange, ...]:
    ids, width = one.identity_columns, len(one.shape.columns)
    before: dict[tuple[Raw, ...], Row] = {}
    after: dict[tuple[Raw, ...], Row] = {}
    appeared = 0
    with closing(connection.execute(one.changed)) as cursor:
        for row in cursor:
            identity, is_new, cells = row[:ids], row[ids], tuple(map(cell_of, row[ids + 1 :]))
            appeared += is_new
            after[identity] = cells[width:]
            if not is_new:
                before[identity] = cells[:width]
    if was + appeared > count:  # every row counted is new or mirrored, so this many went
        with closing(connection.execute(one.gone)) as cursor:
            gone: dict[tuple[Raw, ...], Row] = {row[:ids]: tuple(map(cell_of, row[ids:])) for row in cursor}
        connection.executemany(one.forget, list(gone))
        before.update(gone)
    connection.executemany(one.take, list(after))
    return row_changes(one.shape, before, after)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA main.{name}").fetchone()[0])
