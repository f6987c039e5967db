"""A proof's data as things that a terminal shows: rows as a small table, fields as lines.

Rule: every string that came from traffic passes `terminal.printable` and becomes a `Text`, never markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from replay.model.codec import dump_json
from replay.model.finding import Proof
from replay.model.message import text_of
from replay.model.tree import Tree
from replay.report.terminal import printable, shortened

_ROWS = 10
_COLUMNS = 7  # wider rows are written as fields: a table of twenty columns shows none of them
_CELL_CHARS = 60
_INDENT = (0, 0, 0, 4)


def proof_lines(proof: Proof) -> Iterator[RenderableType]:
    """The label, then the data."""
    yield Padding(Text(f"{printable(proof.label)}:", style="dim"), (0, 0, 0, 2))
    data = proof.data
    if isinstance(data, list):
        yield from _list(data)
    elif isinstance(data, dict):
        yield Padding(_fields(data), _INDENT)
    else:
        yield Padding(Text(cell(data)), _INDENT)


def cell(value: Tree) -> str:
    """One value on one line."""
    text = dump_json(value).decode() if isinstance(value, dict | list) else text_of(value)
    return shortened(printable(text), _CELL_CHARS)


def _list(items: list[Tree]) -> Iterator[RenderableType]:
    shown, rest = items[:_ROWS], len(items) - _ROWS
    rows = [item for item in shown if isinstance(item, dict)]
    if rows and len(rows) == len(shown):
        columns = list(dict.fromkeys(name for row in rows for name in row))
        if len(columns) <= _COLUMNS:
            yield Padding(_table(columns, rows), _INDENT)
        else:
            for row in rows:
                yield Padding(_fields(row), _INDENT)
    else:
        yield Padding(Text(", ".join(cell(item) for item in shown)), _INDENT)
    if rest > 0:
        yield Padding(Text(f"and {rest} more", style="dim"), _INDENT)


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Tree]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(Text(printable(name)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(row[name]) if name in row else "") for name in columns))
    return table


def _fields(row: Mapping[str, Tree]) -> Text:
    """`name=value` pairs that wrap: as many columns as there are."""
    return Text("  ".join(f"{printable(name)}={cell(value)}" for name, value in row.items()))
