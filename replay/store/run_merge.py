"""Rows of several run files in one: parts of one capture that were played apart, each in a file of its own.

Rule: whatever is counted adds up; traces and units are renumbered, bodies stay one. Verdicts and noise are not copied
here: they need to be weighed against each other (`compose.merging`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from replay.model.run import RunInfo
from replay.store import run_rows as rows
from replay.store.files import create_file, finish_file, open_readonly
from replay.store.run_schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA

_BATCH = 500
_WITH_TRACE = ("attempt", "planted", "renamed", "row_change")
_WITH_UNIT = ("fidelity", "session_fidelity", "difference", "coverage")
_AS_THEY_ARE = ('"case"', "body", "generated", "remains")


def merge_rows(parts: Iterable[tuple[str, Path]], out: Path, run: RunInfo) -> None:
    """Everything but verdicts and noise of `parts` (name, file) into a new run file. Raises FileFormatError."""
    target = create_file(out, SCHEMA, APPLICATION_ID, FORMAT_VERSION, "run file")
    try:
        with target:
            _insert_run(target, run)
            for name, path in parts:
                with closing(open_readonly(path, {FORMAT_VERSION: SCHEMA}, APPLICATION_ID, "run file")) as part:
                    _copy(part, target, name)
    except BaseException:
        target.close()
        out.unlink(missing_ok=True)
        raise
    finish_file(target)


def _insert_run(target: sqlite3.Connection, run: RunInfo) -> None:
    row = {**rows.run_row(run), "ended": run.ended, "finished": int(run.finished)}
    sql = f"INSERT INTO run ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608 - our own names
    target.execute(sql, tuple(row.values()))


def _copy(part: sqlite3.Connection, target: sqlite3.Connection, name: str) -> None:
    sums = part.execute("SELECT sessions, exchanges, requests_sent, clean FROM run").fetchone() or (0, 0, 0, 0)
    target.execute(
        "UPDATE run SET sessions = sessions + ?, exchanges = exchanges + ?, requests_sent = requests_sent + ?,"
        " clean = clean + ?",
        sums,
    )
    (offset,) = target.execute("SELECT coalesce(max(id), 0) FROM trace").fetchone()
    for batch in _batches(part, "SELECT id, role, world, has_rows FROM trace ORDER BY id"):
        target.executemany("INSERT INTO trace VALUES (?, ?, ?, ?)", [(row[0] + offset, *row[1:]) for row in batch])
    for table in _AS_THEY_ARE:
        _copy_table(part, target, table, None, None)
    for table in _WITH_TRACE:
        _copy_table(part, target, table, ("trace_id", offset), None)
    for table in _WITH_UNIT:
        _copy_table(part, target, table, None, name)
    _copy_table(part, target, "evidence", ("trace_id", offset), name)
    _copy_table(part, target, "done", None, name)


def _copy_table(
    part: sqlite3.Connection, target: sqlite3.Connection, table: str, shifted: tuple[str, int] | None, name: str | None
) -> None:
    """`shifted`: a column of trace ids, and by how much they grow. `name`: units are this part's own."""
    columns = [row[1] for row in target.execute(f"PRAGMA table_info({table})") if (table, row[1]) != ("attempt", "id")]
    listed = ", ".join(f'"{column}"' for column in columns)
    insert = f"INSERT OR IGNORE INTO {table} ({listed}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - our own names
    at = columns.index(shifted[0]) if shifted else -1
    unit = columns.index("unit") if name is not None else -1
    for batch in _batches(part, f"SELECT {listed} FROM {table}"):  # noqa: S608 - names of our own schema
        found = [list(row) for row in batch]
        for row in found:
            if shifted:
                row[at] += shifted[1]
            if name is not None:
                row[unit] = f"{row[unit]}@{name}"
        target.executemany(insert, found)


def _batches(part: sqlite3.Connection, sql: str) -> Iterator[list[tuple[Any, ...]]]:
    cursor = part.execute(sql)
    while batch := cursor.fetchmany(_BATCH):
        yield batch
