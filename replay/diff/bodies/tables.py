"""Tables of text (CSV, TSV): a list of rows, by the names of the first row where it reads like names."""

from __future__ import annotations

import csv
import io
import re

from replay.diff.bodies.limits import MOST_PARTS, UnreadableBodyError, text_of_bytes
from replay.model.tree import Tree

_MARKS = ",;\t|"
_NAME = re.compile(r"[A-Za-z_][\w ./()%#-]{0,60}")
_BETWEEN_WORDS = re.compile(r"[ /-]+")  # as redaction writes the names of columns


def read_table(data: bytes, charset: str) -> Tree:
    text = text_of_bytes(data, charset)
    mark = max(_MARKS, key=text.partition("\n")[0].count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True) if row]
    except csv.Error:
        raise UnreadableBodyError("no table") from None
    if sum(map(len, rows)) > MOST_PARTS:
        raise UnreadableBodyError("too many cells")
    names = [_BETWEEN_WORDS.sub("_", cell.strip()) for cell in rows[0]] if rows and _are_names(rows[0]) else []
    return [_row(row, names) for row in rows[1:]] if names else [[*row] for row in rows]


def _are_names(row: list[str]) -> bool:
    return len(set(row)) == len(row) and all(_NAME.fullmatch(cell.strip()) for cell in row)


def _row(row: list[str], names: list[str]) -> Tree:
    """A row that is longer or shorter than the names is told as the list that it is."""
    if len(row) != len(names):
        return [*row]
    return {**dict(zip(names, row, strict=True))}
