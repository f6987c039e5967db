"""One look at a PostgreSQL schema: what is different from the look before, found by xmin or at the keys a slot names.

Rule: what a mark holds is never changed in place, so that a look that fails leaves the one before as it was.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, func, select, table, text

from replay.model.errors import ProbeError
from replay.model.reading import Cell, Operation, RowChange
from replay.probe.cell import LONG_BYTES, cell_of
from replay.probe.postgres_schema import CatalogueRow, Watched, count_query
from replay.probe.postgres_slot import Key, Touched
from replay.probe.snapshot import Row, row_changes

KEPT_ROWS = 100_000  # of one table, when a slot tells what changed; 100 000 rows of ten columns are some 100 MB
_MOST_KEYS = 5_000  # changed rows of one table; beyond, all of it is compared
_AT_ONCE = 500  # keys in one query
_WHOLE_NUMBERS = frozenset({"bigint", "integer", "smallint"})
_NUMBERS = frozenset({"real", "double precision"})

Rows = dict[Hashable, Row]


@dataclass(frozen=True, slots=True, repr=False)
class Mark:
    """What was seen at the last look. An empty snapshot: nothing yet. Rows None: of a table too large to be kept."""

    snapshot: str = ""
    xmin: int = 0
    catalogue: tuple[CatalogueRow, ...] = ()
    watched: tuple[Watched, ...] = ()
    rows: dict[str, Rows | None] = field(default_factory=dict)


def look(
    connection: Connection,
    schema: str,
    watched: Sequence[Watched],
    altered: Sequence[str],
    mark: Mark,
    touched: Mapping[str, Touched] | None,
    *,
    has_slot: bool,
) -> tuple[dict[str, Rows | None], list[RowChange]]:
    """All rows as they stand now, and what changed. `touched` None: nobody told; with `has_slot` a slot will."""
    rows: dict[str, Rows | None] = {}
    changes: list[RowChange] = []
    known = [one for one in watched if one.shape.entity in mark.rows and one.shape.entity not in altered]
    for one in watched:
        entity = one.shape.entity
        if one not in known:
            rows[entity] = _first_rows(connection, schema, one, is_kept=not has_slot or one.is_unlogged)
            if mark.snapshot and entity not in altered:  # a table created since the last look: all its rows are new
                changes += row_changes(one.shape, {}, rows[entity] or {})
    told = [] if touched is None else [one for one in known if not one.is_unlogged]
    for one in told:
        now, found = _at_keys(connection, one, mark.rows[one.shape.entity], (touched or {}).get(one.shape.entity))
        rows[one.shape.entity] = now
        changes += found
    counted = [one for one in known if one not in told and mark.rows[one.shape.entity] is not None]
    rows |= {one.shape.entity: None for one in known if one not in told and one not in counted}
    if counted:
        for n, count, newer in connection.execute(count_query(counted, schema, mark.xmin)):
            one = counted[n]
            before = mark.rows[one.shape.entity] or {}
            gone, came = _since(connection, one, before, mark.xmin, count, newer)
            changes += row_changes(one.shape, gone, came)
            rows[one.shape.entity] = _followed(before, gone, came)
    return rows, changes


def _first_rows(connection: Connection, schema: str, one: Watched, *, is_kept: bool) -> Rows | None:
    if not is_kept and one.shape.key:
        source = table(one.shape.entity, schema=schema)
        if connection.execute(select(func.count()).select_from(source)).scalar_one() > KEPT_ROWS:
            return None
    return _fetch(connection, one, one.rows)


def _since(connection: Connection, one: Watched, before: Rows, xmin: int, count: int, newer: int) -> tuple[Rows, Rows]:
    """(rows as they were, rows as they are), of those that are not the same."""
    if not newer and count == len(before):
        return {}, {}
    if not one.shape.key:
        return _compared(connection, one, before)
    came = _fetch(connection, one, one.rows_since(xmin)) if newer else {}
    came = {key: row for key, row in came.items() if before.get(key) != row}
    gone = {key: before[key] for key in came if key in before}
    if len(before) + len(came) - len(gone) > count:  # every row counted was there or came, so this many went
        kept = {tuple(map(cell_of, row)) for row in connection.execute(one.keys)}
        gone |= {key: row for key, row in before.items() if key not in kept}
    return gone, came


def _at_keys(
    connection: Connection, one: Watched, before: Rows | None, touched: Touched | None
) -> tuple[Rows | None, list[RowChange]]:
    """The rows as they stand now, and what changed, at the keys that the slot named."""
    if touched is None:
        return before, []
    is_long = any(len(value) * 4 > LONG_BYTES for key in touched.keys for _, _, value in key)
    if touched.is_whole or is_long or len(touched.keys) > _MOST_KEYS:
        if before is None:
            raise ProbeError(f"Too much of table {one.shape.entity} changed between two readings to say what.")
        gone, came = _compared(connection, one, before)
        return _followed(before, gone, came), list(row_changes(one.shape, gone, came))
    came = _rows_at(connection, one, list(touched.keys))
    if before is None:
        return None, list(_unseen(one, touched, came))
    gone = {key: before[key] for key in map(_cells, touched.keys) if key in before}
    return _followed(before, gone, came), list(row_changes(one.shape, gone, came))


def _unseen(one: Watched, touched: Touched, came: Rows) -> Iterator[RowChange]:
    """Changes of a table whose rows are not kept: neither what an update found, nor more of a gone row than its key."""
    for key, first in touched.keys.items():
        named = tuple(zip((name for name, _, _ in key), _cells(key), strict=True))
        row = came.get(_cells(key))
        if row is not None:
            operation = Operation.INSERT if first is Operation.INSERT else Operation.UPDATE
            yield RowChange(one.shape.entity, operation, named, (), tuple(zip(one.shape.columns, row, strict=True)))
        elif first is not Operation.INSERT:
            yield RowChange(one.shape.entity, Operation.DELETE, named, named, ())


def _rows_at(connection: Connection, one: Watched, keys: Sequence[Key]) -> Rows:
    """The rows that stand under these keys. Types come from the catalogue and names are quoted; values are bound."""
    columns = ", ".join('"' + name.replace('"', '""').replace(":", "\\:") + '"' for name in one.shape.key)
    out: Rows = {}
    for start in range(0, len(keys), _AT_ONCE):
        chunk = keys[start : start + _AT_ONCE]
        values = {f"k{n}_{place}": part[2] for n, key in enumerate(chunk) for place, part in enumerate(key)}
        tuples = (
            "(" + ", ".join(f"CAST(:k{n}_{place} AS {part[1]})" for place, part in enumerate(key)) + ")"
            for n, key in enumerate(chunk)
        )
        query = one.rows.where(text(f"({columns}) IN ({', '.join(tuples)})"))
        out |= _fetch(connection, one, query, values)
    return out


def _cells(key: Key) -> tuple[Cell, ...]:
    """A slot's key as cells of a row."""
    return tuple(_cell(declared, value) for _, declared, value in key)


def _cell(declared: str, value: str) -> Cell:
    if declared in _WHOLE_NUMBERS:
        return int(value)
    if declared in _NUMBERS:
        return cell_of(float(value))
    return value == "true" if declared == "boolean" else value


def _compared(connection: Connection, one: Watched, before: Rows) -> tuple[Rows, Rows]:
    now = _fetch(connection, one, one.rows)
    came = {key: row for key, row in now.items() if before.get(key) != row}
    return {key: row for key, row in before.items() if now.get(key) != row}, came


def _fetch(connection: Connection, one: Watched, query: Select[Any], values: Mapping[str, str] | None = None) -> Rows:
    """Rows by primary key; without one by all columns and how often the same row came before."""
    places = [one.shape.columns.index(name) for name in one.shape.key]
    out: Rows = {}
    met: dict[Row, int] = {}
    for found in connection.execute(query, dict(values or {})):
        row = tuple(map(cell_of, found))
        if places:
            out[tuple(row[place] for place in places)] = row
        else:
            met[row] = met.get(row, 0) + 1
            out[(*row, met[row])] = row
    return out


def _followed(before: Rows, gone: Rows, came: Rows) -> Rows:
    """What stands now."""
    if not gone and not came:
        return before
    now = dict(before)
    for key in gone:
        del now[key]
    return now | came
