"""An SQL seed or dump with stand-ins: INSERT rows and COPY data change, definitions stay, the rest is an error.

    pg_dump (COPY ... FROM stdin, and --inserts), mysqldump, sqlite3 .dump, seeds by hand

Rule: every statement is either known to hold no data of the table, or taken apart, or refused with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TextIO

from replay.model.errors import FileFormatError
from replay.model.tree import Scalar
from replay.record.map_csv import BATCH, require_columns
from replay.record.sql_insert import VALUES, parse_insert, rewritten
from replay.record.sql_text import (
    Kind,
    SqlError,
    Token,
    columns_of_create,
    copy_cells,
    copy_line,
    name_at,
    name_list,
    statement_end,
    tokens,
)
from replay.redact.policy import Policy
from replay.redact.row_mapping import RowMapper, RowRefusedError
from replay.redact.vocabulary import listed

_SQLITE_SEQUENCE = "sqlite_sequence"  # names of tables and their highest row, in dumps of sqlite3
_LONGEST_STATEMENT = 64 << 20
_MYSQL_HEAD = re.compile(
    r"MySQL dump|MariaDB dump|^\s*CREATE TABLE\s+(?:IF NOT EXISTS\s+)?`|INSERT INTO\s+`", re.MULTILINE
)
_HARMLESS = listed(  # statements that define, and hold no row
    "SET CREATE ALTER DROP GRANT REVOKE BEGIN COMMIT END START LOCK UNLOCK USE PRAGMA COMMENT ANALYZE TRUNCATE"
)
_PSQL = ("\\connect", "\\restrict", "\\unrestrict", "\\c ", "\\set ON_ERROR_STOP", "\\encoding")
_SETVAL = re.compile(r"SELECT\s+(?:pg_catalog\.)?(?:setval|set_config)\s*\(", re.IGNORECASE)

OnProgress = Callable[[int], None]


def map_sql(
    source: Path, out: BinaryIO, policy: Policy, wanted: frozenset[str] | None, tell: OnProgress
) -> dict[str, RowMapper]:
    """What was done, by table. Raises FileFormatError."""
    with source.open("r", encoding="utf-8", newline="") as file:
        head = file.read(1 << 20)
        file.seek(0)
        work = _Work(source, policy, wanted, tell, is_mysql=_MYSQL_HEAD.search(head) is not None)
        try:
            out.writelines(piece.encode() for piece in work.pieces(file))
        except SqlError as error:
            raise FileFormatError(f"{source}, line {work.line_at(error.offset)}: {error}") from None
        except UnicodeDecodeError:
            raise FileFormatError(f"{source}, after line {work.line}: it is no UTF-8 text") from None
    if wanted and not any(set(mapper.changed) & wanted or mapper.rows for mapper in work.mappers.values()):
        raise FileFormatError(f"{source}: no table has a column that --columns names")
    return work.mappers


@dataclass(slots=True, repr=False)
class _Work:
    source: Path
    policy: Policy
    wanted: frozenset[str] | None
    tell: OnProgress
    is_mysql: bool
    line: int = 1  # on which the statement in hand begins
    statement: str = ""
    mappers: dict[str, RowMapper] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=lambda: {_SQLITE_SEQUENCE: ["name", "seq"]})

    def line_at(self, offset: int) -> int:
        return self.line + self.statement.count("\n", 0, offset)

    def pieces(self, file: TextIO) -> Iterator[str]:
        """The new text, statement by statement."""
        self.statement = ""
        for line in iter(file.readline, ""):
            if line.startswith("\\") and not self.statement.strip():
                yield self._meta(line)
                continue
            self.statement += line
            if len(self.statement) > _LONGEST_STATEMENT:
                raise SqlError(f"a statement is longer than {_LONGEST_STATEMENT >> 20} MB")
            if line.rstrip().endswith(";"):  # or a comment follows, and the statement ends with a later one
                yield from self._ended(file)
        yield from self._ended(file)
        if self._words(self.statement):
            raise SqlError("the file ends in the middle of a statement", len(self.statement))
        yield self.statement

    def _ended(self, file: TextIO) -> Iterator[str]:
        """Every statement that is complete."""
        while (end := statement_end(self.statement, is_mysql=self.is_mysql)) is not None:
            whole, rest = self.statement[:end], self.statement[end:]
            self.statement = whole
            columns = self._copy_columns(whole)
            yield whole if columns is not None else self._statement(whole)
            self._advance(whole)
            self.statement = rest
            if columns is not None:
                yield self._rest_of_line(rest)
                yield from self._copied(file, *columns)

    def _statement(self, text: str) -> str:
        words = self._words(text)
        verb = words[0].text.upper() if words else ";"
        if verb in ("INSERT", "REPLACE"):
            return self._insert(text, words)
        if verb == "CREATE":
            found = columns_of_create(words)
            if found:
                self.known[found[0]] = found[1]
        if verb == "DELETE" and not any(one.kind in VALUES for one in words):
            return text  # of sqlite's dumps
        is_sequence = verb == "SELECT" and _SETVAL.match(text, words[0].start) is not None
        if verb in _HARMLESS or verb == ";" or is_sequence:
            return text
        raise SqlError("this statement is not understood, and may hold values", words[0].start)

    def _insert(self, text: str, words: list[Token]) -> str:
        insert = parse_insert(words, self.known, is_mysql=self.is_mysql)
        if insert.table == _SQLITE_SEQUENCE:
            return text
        mapper = self._mapper(insert.table, list(insert.columns))
        fresh: list[list[Scalar]] = []
        for first in range(0, len(insert.rows), BATCH):
            rows = insert.rows[first : first + BATCH]
            try:
                fresh += mapper.mapped([[item.value for item in row] for row in rows])
            except RowRefusedError as refused:
                where = rows[refused.index][0].start
                raise SqlError(f"redaction refuses this row ({refused.reason})", where) from None
            self._tell()
        items = [item for row in insert.rows for item in row]
        return rewritten(text, items, [value for row in fresh for value in row], is_mysql=self.is_mysql)

    def _copy_columns(self, text: str) -> tuple[str, list[str]] | None:
        """Table and columns of COPY ... FROM stdin in text format; None for another statement. Raises SqlError."""
        words = self._words(text)
        if not words or words[0].text.upper() != "COPY":
            return None
        table, at = name_at(words, 1)
        columns, at = name_list(words, at)
        rest = [one.text.upper() for one in words[at:]]
        if rest != ["FROM", "STDIN", ";"]:
            raise SqlError("only COPY ... FROM stdin in its text format is understood", words[0].start)
        columns = columns or self.known.get(table, [])
        if not columns:
            raise SqlError("COPY names no columns, and no CREATE TABLE before it does", words[0].start)
        return table, columns

    def _rest_of_line(self, rest: str) -> str:
        if rest.strip():
            raise SqlError("data stands behind COPY on its line")
        self._advance(rest)
        self.statement = ""
        return rest

    def _copied(self, file: TextIO, table: str, columns: list[str]) -> Iterator[str]:
        mapper = self._mapper(table, columns)
        batch: list[list[str | None]] = []
        for line in iter(file.readline, ""):
            bare = line.rstrip("\r\n")
            if bare == "\\.":
                yield self._copied_batch(mapper, batch)
                self.line += 1
                yield line
                return
            cells = copy_cells(bare)
            if len(cells) != len(columns):
                self.line += len(batch)
                raise SqlError(f"it has {len(cells)} cells for {len(columns)} columns")
            batch.append(cells)
            if len(batch) >= BATCH:
                yield self._copied_batch(mapper, batch)
                batch = []
        raise SqlError("the file ends in the middle of COPY's data")

    def _copied_batch(self, mapper: RowMapper, batch: list[list[str | None]]) -> str:
        try:
            fresh = mapper.mapped(batch)
        except RowRefusedError as refused:
            self.line += refused.index
            raise SqlError(f"redaction refuses this row ({refused.reason})") from None
        self.line += len(batch)
        self._tell()
        return "".join(copy_line([None if one is None else str(one) for one in row]) + "\n" for row in fresh)

    def _mapper(self, table: str, columns: list[str]) -> RowMapper:
        wanted = None if self.wanted is None else self.wanted & set(columns)
        require_columns(f"{self.source}, line {self.line}", columns, wanted)
        known = self.mappers.get(table)
        if known is None or known.columns != tuple(columns):
            known = self.mappers[table] = RowMapper(self.policy, columns, wanted, known)
        return known

    def _meta(self, line: str) -> str:
        """A command of psql."""
        self.line += 1
        if not line.startswith(_PSQL):
            self.line -= 1
            raise SqlError("this command of psql is not understood")
        return line

    def _words(self, text: str) -> list[Token]:
        return [one for one in tokens(text, is_mysql=self.is_mysql) if one.kind is not Kind.SPACE]

    def _advance(self, text: str) -> None:
        self.line += text.count("\n")

    def _tell(self) -> None:
        self.tell(sum(mapper.rows for mapper in self.mappers.values()))
