"""A long value leaves its head, its size and a digest; a short one stays itself."""

from __future__ import annotations

import math
from datetime import date

import pytest

from replay.probe.cell import HEAD_CHARS, LONG_BYTES, cell_of

SHORT = [
    (None, None, "no value"),
    (True, True, "a boolean is not turned into 1"),
    (2**63 - 1, 2**63 - 1, "the largest 64-bit integer"),
    (1.5, 1.5, "a finite float"),
    (math.inf, "inf", "no JSON number"),
    ("", "", "empty text"),
    ("x" * LONG_BYTES, "x" * LONG_BYTES, "exactly at the limit"),
    (date(2024, 5, 6), "2024-05-06", "whatever else a driver makes"),
]


@pytest.mark.parametrize(("value", "cell", "remark"), SHORT)
def test_short_values_stay(value: object, cell: object, remark: str) -> None:
    """Nothing is lost of a value that fits."""
    assert cell_of(value) == cell, remark
    assert type(cell_of(value)) is type(cell), remark


def test_long_text_keeps_a_findable_head_and_its_size() -> None:
    """A marker at the beginning of a megabyte is found, and the size is in bytes."""
    cell = str(cell_of("rplabc123def456" + "é" * 1_000_000))
    assert cell.startswith("rplabc123def456é")
    assert "... <2000015 bytes, digest " in cell
    assert len(cell) < HEAD_CHARS + 60


def test_a_change_anywhere_shows() -> None:
    """Same head, same length, another middle: another cell, below and above the limit of full digests."""
    for size in (1_000, 200_000):
        text = "a" * size
        assert cell_of(text) != cell_of(text[: size // 2] + "b" + text[size // 2 + 1 :])
        assert cell_of(text) == cell_of("a" * size)


def test_bytes_are_marked_and_text_among_them_is_readable() -> None:
    """JSON that was stored as bytes can be searched; a picture shows its size only."""
    assert str(cell_of(b'{"note":"rplmarker"}')).startswith('{"note":"rplmarker"}... <20 bytes, digest ')
    assert str(cell_of(b"\x89PNG\x00\xff")).startswith("<6 bytes, digest ")
    assert cell_of(b"ab") != cell_of(b"ac")


def test_marks_are_ascii_around_the_head() -> None:
    """What stands behind the head fits every database encoding."""
    assert str(cell_of("é" * 1000)).lstrip("é").isascii()
