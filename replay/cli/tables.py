"""Tables of what a capture holds, on a terminal or in a pipe: never markup, never an escape sequence."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from replay.report.terminal import printable

_PIPED_COLUMNS = 240  # nobody looks at a pipe: do not wrap


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str | int]]) -> None:
    """Nothing when there are no rows. Columns of whole numbers stand to the right."""
    if not rows:
        return
    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else _PIPED_COLUMNS
    Console(file=sys.stdout, width=width, highlight=False).print(_table(heads, rows))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str | int]]) -> Table:
    """Cells are `Text` of cleaned strings: what a capture holds is never markup."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, head in enumerate(heads):
        is_number = all(isinstance(row[i], int) for row in rows)
        table.add_column(head, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(str(cell))) for cell in row))
    return table
