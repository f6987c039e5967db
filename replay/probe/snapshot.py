"""Two looks at a table made into row changes; pure, and the same for every database.

    before, after: identity -> row        identity: whatever names a row while it lives (rowid, primary key, count)

Rule: rows that are the same on both sides may be left out of both; a probe passes what it found changed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from replay.model.reading import Cell, Operation, RowChange

Row: TypeAlias = "tuple[Cell, ...]"
Identity = TypeVar("Identity", bound=Hashable)
Rows: TypeAlias = "Mapping[Identity, Row]"


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as the catalogue describes it. `key` is the declared primary key, empty when there is none."""

    entity: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()  # columns that the database fills in itself


def row_changes(shape: Shape, before: Rows[Identity], after: Rows[Identity]) -> tuple[RowChange, ...]:
    """Changes in the order of `after`, then the rows that went in the order of `before`.

    A row that went and came back under the same primary key (REPLACE, renumbering) is an update, or nothing.
    """
    return tuple(_changes(shape, _by_key(shape, before), _by_key(shape, after)))


def generated_of(shapes: Sequence[Shape]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((shape.entity, shape.generated) for shape in shapes if shape.generated)


def _by_key(shape: Shape, rows: Rows[Identity]) -> dict[Hashable, Row]:
    """Rows by their primary key; by identity where there is none, or where a part of it is null (SQLite allows it)."""
    places = [shape.columns.index(name) for name in shape.key]
    out: dict[Hashable, Row] = {}
    for identity, row in rows.items():
        key = tuple(row[place] for place in places)
        out[("key", *key) if key and None not in key else ("identity", identity)] = row
    return out


def _changes(shape: Shape, old: Rows[Hashable], new: Rows[Hashable]) -> Iterator[RowChange]:
    for identity, row in new.items():
        if identity not in old:
            yield _change(shape, Operation.INSERT, None, row)
        elif old[identity] != row:
            yield _change(shape, Operation.UPDATE, old[identity], row)
    for identity, row in old.items():
        if identity not in new:
            yield _change(shape, Operation.DELETE, row, None)


def _change(shape: Shape, operation: Operation, before: Row | None, after: Row | None) -> RowChange:
    was, now = _named(shape, before), _named(shape, after)
    key = tuple((name, value) for name, value in now or was if not shape.key or name in shape.key)
    return RowChange(shape.entity, operation, key, was, now)


def _named(shape: Shape, row: Row | None) -> tuple[tuple[str, Cell], ...]:
    return () if row is None else tuple(zip(shape.columns, row, strict=True))
