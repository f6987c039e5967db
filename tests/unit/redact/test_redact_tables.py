"""Tables of text: as many rows and cells as before, headings that are names, cells with their usual stand-ins."""

from __future__ import annotations

import csv
import io

import pytest

from replay.redact.policy import Policy
from unit.redact.canary_cases import exchange, grep
from unit.redact.format_desk import PSEUDONYM, stand_in

POLICY = Policy(PSEUDONYM)
EMAIL = "ingrid.halvorsen@northwind.test"
NAME = "Ingrid Halvorsen"
NEW = stand_in(EMAIL)


def got(table: str, kind: str = "text/csv") -> str:
    body = POLICY.redact(exchange(answer=table, answer_type=kind)).exchange.response.body
    return body.data.decode()


@pytest.mark.parametrize(
    ("table", "kind", "wanted"),
    [
        (f"id,email\n7,{EMAIL}\n", "text/csv", f"id,email\n7,{NEW}\n"),
        (f"id;email\r\n7;{EMAIL}", "text/csv; charset=utf-8", f"id;email\r\n7;{NEW}"),
        (f"id\temail\n7\t{EMAIL}\n", "text/tab-separated-values", f"id\temail\n7\t{NEW}\n"),
        (f'id,note\n7,"{EMAIL}"\n8,\n', "application/csv", f"id,note\n7,{NEW}\n8,\n"),
        ("id,password\n7,hunter-22\n", "text/csv", "id,password\n7,Redacted-1!\n"),
        ("id,user id,status\n7,8,active\n", "text/csv", "id,user id,status\n7,8,active\n"),
    ],
)
def test_a_table_stays_one(table: str, kind: str, wanted: str):
    """Separator, line ends and headings stay; a cell is a value under its heading."""
    assert got(table, kind) == wanted


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(f"{NAME},Bergen\nAnna,Oslo\n", id="no headings"),
        pytest.param("Halvorsen,Berg\nOlsen,Dahl\n", id="words that are no headings"),
        pytest.param(f"id,{EMAIL}\n7,8\n", id="an address as a heading"),
        pytest.param(f'id,note\n7,"a ""{NAME}"", b"\n', id="quotes"),
        pytest.param(f'id,note\n7,"two\n{NAME}"\n', id="a cell of two lines"),
        pytest.param(f"id\n7,{NAME},{NAME}\n", id="more cells than headings"),
    ],
)
def test_no_cell_is_kept(table: str):
    """With as many rows and cells as before."""
    fresh = got(table)
    assert grep((EMAIL, NAME, "Halvorsen"), table)
    assert grep((EMAIL, NAME, "Halvorsen"), fresh) == []
    before, after = (list(csv.reader(io.StringIO(text, newline=""))) for text in (table, fresh))
    assert [len(row) for row in after] == [len(row) for row in before]


@pytest.mark.parametrize(
    "table", [f'id,note\n7,"{NAME}', f'id,note\n7,"{NAME}"x\n', "a," * 250_000, "x" * 200_000 + "\n"]
)
def test_what_is_no_table_is_dropped(table: str):
    """An open quote, a quote that ends too early, or more cells than are read."""
    assert got(table) == ""
