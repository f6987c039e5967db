"""INSERT ... VALUES taken apart: which text is which value of which row, so that each can be replaced in its place.

Rule: pure. Literals only: an expression may hold anything, and is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from replay.model.tree import Scalar
from replay.record.sql_text import Kind, SqlError, Token, name_at, name_list, number_value, string_literal, string_value

_CONSTANTS = frozenset(
    {"NULL", "TRUE", "FALSE", "DEFAULT", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME", "LOCALTIMESTAMP"}
)
_TRUTHS = {"TRUE": True, "FALSE": False}
VALUES = (Kind.STRING, Kind.NUMBER, Kind.HEX, Kind.BODY)


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """One value: what it is, and where its literal stands. `kind` None: a constant word, which stays."""

    value: Scalar
    kind: Kind | None
    start: int
    end: int


@dataclass(frozen=True, slots=True, repr=False)
class Insert:
    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Item, ...], ...]


def parse_insert(words: Sequence[Token], known: Mapping[str, Sequence[str]], *, is_mysql: bool) -> Insert:
    """From tokens without spaces. `known`: columns of tables that CREATE TABLE named. Raises SqlError."""
    at = next((i for i, one in enumerate(words[:6]) if one.text.upper() == "INTO"), -1) + 1
    if not at:
        raise SqlError("INSERT without INTO is not understood", words[0].start)
    table, at = name_at(list(words), at)
    named, at = name_list(list(words), at)
    columns = named or list(known.get(table, ()))
    if not columns:
        raise SqlError("INSERT names no columns, and no CREATE TABLE before it does", words[0].start)
    if [one.text.upper() for one in words[at : at + 3]] == ["OVERRIDING", "SYSTEM", "VALUE"]:
        at += 3
    if at >= len(words) or words[at].text.upper() not in ("VALUES", "VALUE"):
        raise SqlError("INSERT without VALUES is not understood", words[min(at, len(words) - 1)].start)
    rows: list[tuple[Item, ...]] = []
    at += 1
    while True:
        row, at = _row(words, at, is_mysql=is_mysql)
        if len(row) != len(columns):
            raise SqlError(f"a row has {len(row)} values for {len(columns)} columns", row[0].start if row else 0)
        rows.append(row)
        if at >= len(words) or words[at].text != ",":
            break
        at += 1
    if any(one.kind in VALUES for one in words[at:]):
        raise SqlError("values behind the rows are not understood", words[at].start)
    return Insert(table, tuple(columns), tuple(rows))


def rewritten(text: str, items: Sequence[Item], fresh: Sequence[Scalar], *, is_mysql: bool) -> str:
    """`text` with each item's literal replaced. Raises SqlError when a stand-in does not fit its place."""
    out: list[str] = []
    end = 0
    for item, value in zip(items, fresh, strict=True):
        if value != item.value or type(value) is not type(item.value):
            out += [text[end : item.start], _literal(item, value, is_mysql=is_mysql)]
            end = item.end
    return "".join([*out, text[end:]])


def _row(words: Sequence[Token], at: int, *, is_mysql: bool) -> tuple[tuple[Item, ...], int]:
    if at >= len(words) or words[at].text != "(":
        raise SqlError("a row in parentheses is expected", words[min(at, len(words) - 1)].start)
    items: list[Item] = []
    at += 1
    while True:
        item, at = _item(words, at, is_mysql=is_mysql)
        items.append(item)
        mark = words[at].text if at < len(words) else ""
        if mark not in (",", ")"):
            raise SqlError("an expression is not understood, only plain values are", item.start)
        at += 1
        if mark == ")":
            return tuple(items), at


def _item(words: Sequence[Token], at: int, *, is_mysql: bool) -> tuple[Item, int]:
    if at >= len(words):
        raise SqlError("the statement ends in a row", words[-1].start)
    first, sign = words[at], ""
    if first.text in ("-", "+") and at + 1 < len(words) and words[at + 1].kind is Kind.NUMBER:
        sign, at = first.text, at + 1
    token = words[at]
    end = token.start + len(token.text)
    value: Scalar
    if token.kind is Kind.STRING:
        value = string_value(token.text, is_mysql=is_mysql)
    elif token.kind is Kind.NUMBER:
        value = _signed(number_value(token.text), sign)
    elif token.kind is Kind.HEX:
        value = token.text[2:].rstrip("'")
    elif token.kind is Kind.WORD and token.text.upper() in _CONSTANTS:
        word = token.text.upper()
        return Item(_TRUTHS.get(word), None, first.start, end), _after_call(words, at + 1)
    else:
        raise SqlError("an expression is not understood, only plain values are", token.start)
    return Item(value, token.kind, first.start, end), _after_cast(words, at + 1)


def _signed(value: Scalar, sign: str) -> Scalar:
    if sign != "-":
        return value
    return f"-{value}" if isinstance(value, str) else -value if isinstance(value, int | float) else value


def _after_call(words: Sequence[Token], at: int) -> int:
    """CURRENT_TIMESTAMP may have empty parentheses."""
    return at + 2 if [one.text for one in words[at : at + 2]] == ["(", ")"] else at


def _after_cast(words: Sequence[Token], at: int) -> int:
    """PostgreSQL's `::jsonb`, `::character varying(20)`, `::text[]`."""
    while [one.text for one in words[at : at + 2]] == [":", ":"]:
        at += 2
        while at < len(words) and (words[at].kind in (Kind.WORD, Kind.NAME) or words[at].text == "."):
            at += 1
        if at < len(words) and words[at].text == "(":
            while at < len(words) and words[at].text != ")":
                at += 1
            at += 1
    return at


def _literal(item: Item, value: Scalar, *, is_mysql: bool) -> str:
    if value is None:
        return "NULL"
    text = str(value)
    if item.kind is Kind.STRING:
        return string_literal(text, is_mysql=is_mysql)
    if item.kind is Kind.NUMBER:
        try:
            float(text)
        except ValueError:
            raise SqlError("the stand-in of a number is no number: name another class for it", item.start) from None
        return text
    if item.kind is Kind.HEX and len(text) == len(str(item.value)) and _is_hex(text):
        return f"X'{text}'"
    raise SqlError("the stand-in of this value cannot be written here", item.start)


def _is_hex(text: str) -> bool:
    return all(char in "0123456789abcdefABCDEF" for char in text)
