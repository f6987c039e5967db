"""Tables of text (CSV, TSV): the first row is names when it reads like names, cells are values under them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.redact.body_formats import Format
from replay.redact.body_rewriting import as_text, with_rewritten
from replay.redact.contract import Notes
from replay.redact.desk import Desk, UnreadableError
from replay.redact.pseudonyms import Pseudonym
from replay.redact.vocabulary import KeyRole, listed, role_of

_MOST_CELLS = 100_000
_LONGEST_CELL = 128 << 10  # characters: as csv has it, unless somebody in this process raised it
_MARKS = ",;\t|"
_BETWEEN_WORDS = re.compile(r"[ /-]+")
# One of them must be there: else a row of plain words is taken for people's.
_HEADINGS = listed(
    """id uuid key code name email phone date time created updated amount total price count quantity status type country
    city street zip address user customer account tenant title description value number no currency balance first_name
    last_name firstname lastname"""
)


@dataclass(frozen=True, slots=True)
class TableBody:
    """Separator, quoting where it is needed, and line ends stay; a table that csv does not take strictly is dropped."""

    name: str = "table-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_rewritten(exchange, pseudonym, notes, Format.TABLE, as_text(rewritten_table))


def rewritten_table(desk: Desk, text: str, place: str) -> str:
    """The table anew. Raises UnreadableError."""
    first = text.partition("\n")[0]
    mark = max(_MARKS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except csv.Error:
        raise UnreadableError("table") from None
    if sum(map(len, rows)) > _MOST_CELLS or any(len(cell) > _LONGEST_CELL for row in rows for cell in row):
        raise UnreadableError("too many cells")
    headings = rows[0] if rows and _are_headings(desk, rows[0]) else []
    fresh = [desk.name(cell, place) if _plain(cell) == cell else cell for cell in headings]
    names = [_plain(cell) for cell in headings]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=mark, lineterminator="\r\n" if "\r\n" in text else "\n")
    writer.writerows([fresh] if headings else [])
    writer.writerows(_row(desk, row, names, f"{place}[*]") for row in rows[1 if headings else 0 :])
    written = out.getvalue()
    return written if text.endswith(("\n", "\r")) else written.rstrip("\r\n")


def _row(desk: Desk, row: list[str], names: list[str], place: str) -> list[str]:
    fresh: list[str] = []
    for i, cell in enumerate(row):
        name = names[i] if i < len(names) else ""
        fresh.append(desk.value(name, cell, f"{place}.{name}" if name else f"{place}[*]") if cell else "")
    return fresh


def _are_headings(desk: Desk, row: list[str]) -> bool:
    """True when every cell may stay as a name, and one at least is a heading that tables have."""
    names = list(map(_plain, row))
    trial = desk.inner()  # its notes are forgotten
    if not all(names) or any(trial.name(name, "") != name for name in names):
        return False
    desk.notes.words.update(row)
    return any(name.lower() in _HEADINGS or role_of(name) is not KeyRole.PLAIN for name in names)


def _plain(cell: str) -> str:
    """`First Name` as it would be written in a program."""
    return _BETWEEN_WORDS.sub("_", cell.strip())
