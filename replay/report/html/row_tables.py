"""Rows of the target's database before and after, as tables: what changed in them, and whose they are.

Rule: a column that by its name holds a credential is never shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from replay.model.message import text_of
from replay.model.reading import RowChange
from replay.oracle.rowset import is_secret
from replay.report.html.visible import cut, without_tokens

_MOST_ROWS = 6
_MOST_COLUMNS = 24
_MOST_CHARS = 120


@dataclass(frozen=True, slots=True, repr=False)
class Column:
    """`whose`: the recording's word for the tenant that this value is in QA."""

    name: str
    before: str
    after: str
    is_changed: bool
    whose: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    entity: str
    operation: str
    columns: tuple[Column, ...]
    more_columns: int


@dataclass(frozen=True, slots=True, repr=False)
class Rows:
    """`total` of which `rows` are shown; None: nobody looked into the database."""

    rows: tuple[Row, ...]
    total: int | None

    @property
    def more(self) -> int:
        return max(0, (self.total or 0) - len(self.rows))


def rows_of(changes: Sequence[RowChange] | None, tenants: Mapping[str, str]) -> Rows:
    """`tenants`: QA's word for a tenant -> the recording's."""
    if changes is None:
        return Rows((), None)
    return Rows(tuple(_row(one, tenants) for one in changes[:_MOST_ROWS]), len(changes))


def _row(change: RowChange, tenants: Mapping[str, str]) -> Row:
    before, after = dict(change.before), dict(change.after)
    names = list(dict.fromkeys((*dict(change.key), *before, *after)))
    columns = [_column(name, before, after, tenants) for name in names[:_MOST_COLUMNS]]
    return Row(change.entity, change.operation.value, tuple(columns), len(names) - len(columns))


def _column(name: str, before: Mapping[str, object], after: Mapping[str, object], tenants: Mapping[str, str]) -> Column:
    old, new = _cell(name, before), _cell(name, after)
    is_changed = before.get(name) != after.get(name) if before and after else False
    whose = next((tenants[text] for text in (new, old) if text in tenants), "")
    return Column(name, old, new, is_changed, whose)


def _cell(name: str, row: Mapping[str, object]) -> str:
    if name not in row:
        return ""
    value = row[name]
    if value is None or isinstance(value, bool | int | float):
        return text_of(value)
    return "(hidden)" if is_secret(name) else without_tokens(cut(str(value), _MOST_CHARS))
