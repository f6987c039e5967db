"""SQL text: what is read is written back, statements end where they end, and nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.record.sql_insert import parse_insert, rewritten
from replay.record.sql_text import (
    Kind,
    SqlError,
    columns_of_create,
    copy_cells,
    copy_line,
    number_value,
    statement_end,
    string_literal,
    string_value,
    tokens,
)

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)


def words(text: str, *, is_mysql: bool = False) -> list:
    return [one for one in tokens(text, is_mysql=is_mysql) if one.kind is not Kind.SPACE]


@given(TEXTS, st.booleans())
def test_a_text_comes_back_from_its_literal(text: str, is_mysql: bool) -> None:
    """Whatever quotes and backslashes it holds; and the literal is one token."""
    literal = string_literal(text, is_mysql=is_mysql)
    (token,) = words(literal, is_mysql=is_mysql)
    assert token.kind is Kind.STRING
    assert string_value(token.text, is_mysql=is_mysql) == text


@given(st.lists(st.none() | TEXTS, min_size=1, max_size=5))
def test_cells_come_back_from_their_line(cells: list[str | None]) -> None:
    """COPY's text format: tabs, ends of lines and backslashes are written by escapes."""
    line = copy_line(cells)
    assert "\n" not in line
    assert "\r" not in line
    assert copy_cells(line) == cells


@given(st.lists(st.tuples(TEXTS, st.integers(-(10**9), 10**9)), min_size=1, max_size=4), st.booleans())
def test_rows_are_taken_apart_and_put_together(rows: list[tuple[str, int]], is_mysql: bool) -> None:
    """Unchanged values leave the text as it was; changed ones are read back as what they became."""
    values = ", ".join(f"({string_literal(text, is_mysql=is_mysql)}, {number})" for text, number in rows)
    text = f"INSERT INTO t (a, b) VALUES {values};"
    insert = parse_insert(words(text, is_mysql=is_mysql), {}, is_mysql=is_mysql)
    items = [item for row in insert.rows for item in row]
    found = [item.value for item in items]
    assert found == [value for row in rows for value in row]
    assert rewritten(text, items, found, is_mysql=is_mysql) == text
    fresh = [f"{value}'x\\" if isinstance(value, str) else value + 1 for value in found]
    again = parse_insert(
        words(rewritten(text, items, fresh, is_mysql=is_mysql), is_mysql=is_mysql), {}, is_mysql=is_mysql
    )
    assert [item.value for row in again.rows for item in row] == fresh


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("SELECT 1; x", 9),
        ("SELECT ';", None),
        ("SELECT 'it''s;'; x", 16),
        ("-- a;\nx; y", 8),
        ("/* ; */ x; y", 10),
        ("/* ;", None),
        ("AS $$ a; $$; x", 12),
        ("AS $b$ a; $$ ", None),
        ('"a;b"; x', 6),
        ("`a;b`; x", 6),
        ("E'\\';'; x", 7),
    ],
)
def test_a_statement_ends_at_its_semicolon(text: str, end: int | None) -> None:
    assert statement_end(text, is_mysql=False) == end


def test_a_backslash_escapes_in_mysql_only() -> None:
    assert statement_end("SELECT '\\'; x'; y", is_mysql=True) == 15
    assert statement_end("SELECT '\\'; x'; y", is_mysql=False) == 11


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("007", 7.0),
        ("1.50", 1.5),
        ("9223372036854775807", 9223372036854775807),
        ("1" * 30, "1" * 30),
        ("1e3", 1000.0),
    ],
)
def test_numbers_are_those_of_json(text: str, value: object) -> None:
    assert number_value(text) == value


def test_columns_of_a_definition() -> None:
    text = 'CREATE TABLE IF NOT EXISTS "s"."T" ("Id" int DEFAULT (1), b numeric(3, 2), PRIMARY KEY (b), CHECK (b > 0))'
    assert columns_of_create(words(text)) == ("T", ["Id", "b"])
    assert columns_of_create(words("CREATE INDEX i ON t (a)")) is None


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t (a) VALUES (now())",
        "INSERT INTO t (a) VALUES ('a' || 'b')",
        "INSERT INTO t (a) VALUES (1 + 1)",
        "INSERT INTO t (a) VALUES ((1))",
        "INSERT INTO t (a) VALUES (1",
        "INSERT INTO t (a) VALUES",
        "INSERT INTO t (a) VALUES (1), ",
        "INSERT INTO t (a) VALUES ($$x$$)",
        "INSERT INTO t (a) VALUES ()",
        "INSERT INTO t VALUES (1)",
        "INSERT t (a) VALUES (1)",
        "INSERT INTO t (a) VALUES (1) RETURNING 'x'",
    ],
)
def test_what_is_no_plain_row_is_refused(text: str) -> None:
    """An expression may hold anything."""
    with pytest.raises(SqlError):
        parse_insert(words(text), {}, is_mysql=False)
