"""A CSV file with stand-ins: row by row, whatever its length. The first row names the columns.

Rule: what is no table (another number of cells, bad quotes, no UTF-8) is an error with its line, never passed on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from replay.model.errors import FileFormatError
from replay.redact.policy import Policy
from replay.redact.row_mapping import RowMapper, RowRefusedError

BATCH = 100  # rows
_LONGEST_CELL = 16 << 20
_DELIMITERS = ",;\t|"

OnProgress = Callable[[int], None]
Line = tuple[int, list[str]]


def map_csv(
    source: Path, out: BinaryIO, policy: Policy, wanted: frozenset[str] | None, tell: OnProgress
) -> dict[str, RowMapper]:
    """What was done, by table: here one, with an empty name. Raises FileFormatError."""
    with source.open("r", encoding="utf-8-sig", newline="") as file:
        delimiter = _delimiter(file.readline(1 << 20))
        file.seek(0)
        text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        lines = _lines(source, csv.reader(file, delimiter=delimiter, strict=True))
        head = next(lines, None)
        if head is None:
            raise FileFormatError(f"{source} is empty: its first line must name the columns")
        mapper = _mapper(source, policy, head[1], wanted)
        writer.writerow(head[1])
        for batch in _batches(lines):
            rows = [_checked(source, number, cells, head[1]) for number, cells in batch]
            writer.writerows(_mapped(source, mapper, [number for number, _ in batch], rows))
            tell(mapper.rows)
        text.detach()
    return {"": mapper}


def require_columns(where: str, columns: list[str], wanted: frozenset[str] | None) -> None:
    """Raises FileFormatError; names of columns are no values, and may be told."""
    if not all(columns) or len(set(columns)) != len(columns):
        raise FileFormatError(f"{where}: each column needs a name of its own")
    missing = sorted((wanted or frozenset()) - set(columns))
    if missing:
        raise FileFormatError(f"{where}: there is no column {missing[0]!r}")


def _delimiter(head: str) -> str:
    return max(_DELIMITERS, key=head.count)


def _mapper(source: Path, policy: Policy, columns: list[str], wanted: frozenset[str] | None) -> RowMapper:
    require_columns(f"{source}, line 1", columns, wanted)
    return RowMapper(policy, columns, wanted)


def _lines(source: Path, reader: Iterator[list[str]]) -> Iterator[Line]:
    """Each row with the line on which it ends."""
    while True:
        usual = csv.field_size_limit(_LONGEST_CELL)  # the module's, for all readers of this process
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            number = getattr(reader, "line_num", 0)
            raise FileFormatError(f"{source}, line {number}: it is no CSV (quotes, or a cell too long)") from None
        except UnicodeDecodeError:
            number = getattr(reader, "line_num", 0)
            raise FileFormatError(f"{source}, after line {number}: it is no UTF-8 text") from None
        finally:
            csv.field_size_limit(usual)
        if cells:  # an empty line is no row
            yield getattr(reader, "line_num", 0), cells


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    for line in lines:
        batch.append(line)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _checked(source: Path, number: int, cells: list[str], columns: list[str]) -> list[str]:
    if len(cells) != len(columns):
        raise FileFormatError(f"{source}, line {number}: it has {len(cells)} cells for {len(columns)} columns")
    return cells


def _mapped(source: Path, mapper: RowMapper, numbers: list[int], rows: list[list[str]]) -> list[list[str]]:
    try:
        fresh = mapper.mapped(rows)
    except RowRefusedError as refused:
        raise FileFormatError(
            f"{source}, line {numbers[refused.index]}: redaction refuses it ({refused.reason})"
        ) from None
    return [["" if cell is None else str(cell) for cell in row] for row in fresh]
