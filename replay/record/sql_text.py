"""SQL text as far as seeds and dumps need it: statements, tokens, COPY's cells, and the literals of INSERT rows.

Rule: pure, and it guesses nothing: what is not understood raises SqlError, since it may hold a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from replay.model.tree import Scalar


class SqlError(Exception):
    """A fixed sentence, and where: `offset` in the statement's text. It holds no word of the text."""

    def __init__(self, sentence: str, offset: int = 0) -> None:
        super().__init__(sentence)
        self.offset = offset


class Kind(StrEnum):
    SPACE = "space"  # and comments
    WORD = "word"
    NAME = "name"  # in double quotes, backticks or brackets
    STRING = "string"
    NUMBER = "number"
    HEX = "hex"  # X'..' or 0x..
    BODY = "body"  # dollar-quoted text
    MARK = "mark"


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    kind: Kind
    text: str
    start: int


_STRING = r"'(?:[^']|'')*'"
_ESCAPED = r"'(?:[^'\\]|''|\\.)*'"  # MySQL's strings, and PostgreSQL's E'...'
_PARTS = (
    r"(?P<space>\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)"
    r"|(?P<body>\$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?(tag)(?P=tag))\$)"
    r"|(?P<hex>[xX]'[0-9A-Fa-f]*'|0x[0-9A-Fa-f]+)"
    rf"|(?P<string>[eE]{_ESCAPED}|[nN]?STRING)"
    r'|(?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]\n]*\])'
    r"|(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w))"
    r"|(?P<word>[^\W\d][\w$]*)"
    r"|(?P<mark>[^'\"`])"
)
_POSTGRES = re.compile(_PARTS.replace("STRING", _STRING), re.DOTALL)
_MYSQL = re.compile(_PARTS.replace("STRING", _ESCAPED), re.DOTALL)
_MYSQL_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}
_COPY_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_COPY_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))", re.DOTALL)
_TO_COPY = {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_CONSTRAINTS = frozenset(
    {"PRIMARY", "KEY", "CONSTRAINT", "UNIQUE", "FOREIGN", "INDEX", "CHECK", "FULLTEXT", "SPATIAL", "EXCLUDE", "LIKE"}
)


def tokens(text: str, *, is_mysql: bool) -> Iterator[Token]:
    """Raises SqlError where a quote is not closed."""
    pattern, at = _MYSQL if is_mysql else _POSTGRES, 0
    while at < len(text):
        found = pattern.match(text, at)
        if found is None:
            raise SqlError("a quote is not closed", at)
        yield Token(Kind(next(kind for kind in Kind if found.group(kind))), found.group(), at)
        at = found.end()


def statement_end(text: str, *, is_mysql: bool) -> int | None:
    """Where the first statement of `text` ends, its semicolon included; None when it goes on."""
    try:
        for token in tokens(text, is_mysql=is_mysql):
            if token.text == ";" and token.kind is Kind.MARK:
                return token.start + 1
            if token.kind is Kind.MARK and text.startswith(("/*", "$"), token.start) and token.text in "/$":
                return None  # a comment or a body that is not closed yet
    except SqlError:
        return None
    return None


def bare_name(token: Token) -> str:
    """A column's or table's name without its quotes; unquoted ones in lower case, as databases take them."""
    if token.kind is Kind.WORD:
        return token.text.lower()
    quote = token.text[-1]
    return token.text[1:-1].replace(quote * 2, quote)


def string_value(text: str, *, is_mysql: bool) -> str:
    """What a string literal says."""
    is_escaped = is_mysql or text[:1] in "eE"
    inner = text[text.index("'") + 1 : -1].replace("''", "'")
    if not is_escaped or "\\" not in inner:
        return inner
    return re.sub(r"\\(.)", lambda found: _MYSQL_ESCAPES.get(found[1], found[1]), inner, flags=re.DOTALL)


def string_literal(value: str, *, is_mysql: bool) -> str:
    """The literal of a text."""
    doubled = value.replace("'", "''")
    if not is_mysql:
        return f"'{doubled}'"
    return "'" + doubled.replace("\\", "\\\\").replace("\0", "\\0").replace("\n", "\\n").replace("\r", "\\r") + "'"


def number_value(text: str) -> Scalar:
    """A number as JSON would have it; as text where JSON's numbers are too small for it."""
    if text.isdecimal() and (text == "0" or text[0] != "0") and len(text) <= 19:
        return int(text)
    value = float(text)
    return value if len(text) <= 15 else text


def copy_cells(line: str) -> list[str | None]:
    """The cells of one line of COPY's text format (without its end)."""
    return [None if cell == "\\N" else _uncopied(cell) for cell in line.split("\t")]


def copy_line(cells: list[str | None]) -> str:
    return "\t".join("\\N" if cell is None else "".join(_TO_COPY.get(c, c) for c in cell) for cell in cells)


def _uncopied(cell: str) -> str:
    if "\\" not in cell:
        return cell

    def plain(found: re.Match[str]) -> str:
        if found[1] or found[2]:
            code = int(found[1], 8) if found[1] else int(found[2], 16)
            if code > 127:
                raise SqlError("a byte is written by its number, which may be part of a character")
            return chr(code)
        return _COPY_ESCAPES.get(found[3], found[3])

    return _COPY_ESCAPE.sub(plain, cell)


def columns_of_create(words: list[Token]) -> tuple[str, list[str]] | None:
    """Table and columns of CREATE TABLE; `words` are its tokens without spaces. None for other statements."""
    upper = [token.text.upper() for token in words[:8]]
    if "TABLE" not in upper[:4]:
        return None
    at = upper.index("TABLE") + 1
    if upper[at : at + 3] == ["IF", "NOT", "EXISTS"]:
        at += 3
    table, at = name_at(words, at)
    if at >= len(words) or words[at].text != "(":
        return None
    return table, list(_columns(words[at + 1 :]))


def _columns(words: list[Token]) -> Iterator[str]:
    depth, is_first = 1, True
    for token in words:
        if is_first and token.kind in (Kind.WORD, Kind.NAME):
            if token.kind is Kind.NAME or token.text.upper() not in _CONSTRAINTS:
                yield bare_name(token)
            is_first = False
        if token.kind is Kind.MARK:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            is_first = is_first or (token.text == "," and depth == 1)
        if depth == 0:
            return


def name_at(words: list[Token], at: int) -> tuple[str, int]:
    """A table's name, without its schema, and what follows it. Raises SqlError."""
    name = ""
    while at < len(words) and words[at].kind in (Kind.WORD, Kind.NAME):
        name, at = bare_name(words[at]), at + 1
        if at < len(words) and words[at].text == ".":
            at += 1
            continue
        break
    if not name:
        raise SqlError("a table's name is expected", words[min(at, len(words) - 1)].start if words else 0)
    return name, at


def name_list(words: list[Token], at: int) -> tuple[list[str], int]:
    """The names in parentheses that begin at `at`, and what follows; none when there are no parentheses."""
    if at >= len(words) or words[at].text != "(":
        return [], at
    out: list[str] = []
    at += 1
    while at < len(words) and words[at].text != ")":
        if words[at].kind in (Kind.WORD, Kind.NAME):
            out.append(bare_name(words[at]))
        elif words[at].text != ",":
            raise SqlError("a column's name is expected", words[at].start)
        at += 1
    return out, at + 1
