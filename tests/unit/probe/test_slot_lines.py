"""test_decoding's text: which keys were written, whatever names and values look like."""

from __future__ import annotations

import pytest

from replay.model.reading import Operation
from replay.probe.postgres_slot import Key, is_visible, touched_by

KEYS = {"note": ("id",), "seat": ("place", "room"), 'Odd "Name': ("a b",), "bag": (), "part": ("id",)}
INSERT, UPDATE, DELETE = Operation.INSERT, Operation.UPDATE, Operation.DELETE


def keyed(line: str) -> tuple[dict[Key, Operation], bool]:
    """Keys and `is_whole` of the only table that the line names."""
    (found,) = touched_by([(1, line)], "public", KEYS, {"part_low": "part"}).values()
    return found.keys, found.is_whole


LINES = [
    ("table public.note: INSERT: id[bigint]:7 text[text]:'a' n[integer]:null", {(("id", "bigint", "7"),): INSERT}),
    ("table public.note: UPDATE: id[bigint]:7 text[text]:unchanged-toast-datum", {(("id", "bigint", "7"),): UPDATE}),
    ("table public.note: DELETE: id[bigint]:-7", {(("id", "bigint", "-7"),): DELETE}),
    (
        "table public.note: UPDATE: old-key: id[bigint]:7 new-tuple: id[bigint]:8 text[text]:'new-tuple: id[bigint]:9'",
        {(("id", "bigint", "7"),): UPDATE, (("id", "bigint", "8"),): UPDATE},
    ),
    (
        "table public.seat: INSERT: room[character varying]:'it''s: [a]' place[integer]:1 who[text[]]:'{\"x y\"}'",
        {(("place", "integer", "1"), ("room", "character varying", "it's: [a]")): INSERT},
    ),
    ('table public."Odd ""Name": INSERT: "a b"[uuid]:\'u\' made[timestamp with time zone]:\'2026-01-01\'',
     {(("a b", "uuid", "u"),): INSERT}),
    ("table public.part_low: INSERT: id[integer]:1 v[text]:'line\nbreak'", {(("id", "integer", "1"),): INSERT}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_keys_are_read(line: str, expected: dict[Key, Operation]) -> None:
    """Quotes, brackets, line breaks and text that looks like the format itself."""
    assert keyed(line) == (expected, False)


WHOLE = [
    "table public.note: TRUNCATE: (no-flags)",
    "table public.note: DELETE: (no-tuple-data)",
    "table public.bag: INSERT: word[text]:'w'",
    "table public.note: INSERT: text[text]:'no key'",
    "table public.note: INSERT: id[bigint]:7 text[text]:'open",
    "table public.note: INSERT: id[bigint]:null",
]


@pytest.mark.parametrize("line", WHOLE)
def test_what_is_not_understood_is_compared_whole(line: str) -> None:
    """No line that names a table is ever skipped."""
    assert keyed(line) == ({}, True)


def test_one_truncate_may_name_several_tables() -> None:
    found = touched_by([(1, "table public.note, public.seat: TRUNCATE: (no-flags)")], "public", KEYS, {})
    assert {name for name, one in found.items() if one.is_whole} == {"note", "seat"}


OTHERS = [
    "BEGIN",
    "COMMIT",
    "message: transactional: 1 prefix: a, sz: 1 content:b",
    "table other.note: INSERT: id[bigint]:1",
    "table public.unknown: INSERT: id[bigint]:1",
]


@pytest.mark.parametrize("line", OTHERS)
def test_others_are_left_out(line: str) -> None:
    assert touched_by([(1, line)], "public", KEYS, {}) == {}


def test_the_first_operation_on_a_key_counts() -> None:
    """A row that was made and changed since is new."""
    lines = [(1, f"table public.note: {what}: id[bigint]:7") for what in ("INSERT", "UPDATE")]
    assert touched_by(lines, "public", KEYS, {})["note"].keys == {(("id", "bigint", "7"),): INSERT}


@pytest.mark.parametrize(
    ("xid", "snapshot", "expected"),
    [
        (9, "10:20:", True), (10, "10:20:10,15", False), (11, "10:20:10,15", True), (20, "10:20:", False),
        (25, "10:20:", False), (2**32 - 3, "4294967300:4294967305:", True),
        (4, "4294967300:4294967305:4294967300", False),
        (4, "4294967301:4294967305:", True),
    ],
)  # fmt: skip
def test_what_a_snapshot_shows(xid: int, snapshot: str, expected: bool) -> None:
    """Numbers of transactions come as their low half; a snapshot has whole ones."""
    assert is_visible(xid, snapshot) is expected
