"""Elements of a long JSON array, however the file is cut into pieces, with a limit on each."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.record.sources.contract import Skipped
from replay.record.sources.cuts import TOO_LONG, Cutter
from replay.record.sources.json_elements import NOT_AN_ENTRY, ElementSplitter, read_record

HAR = ("log", "entries")
TEXTS = st.text(st.sampled_from('ab"\\{}[],: é\n'), max_size=12)
TREES: Any = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
)
ENTRIES = st.lists(st.dictionaries(TEXTS, TREES, max_size=4), max_size=4)


def split(data: bytes, keys: tuple[str, ...] = HAR, size: int = 7, limit: int = 1000) -> list[bytes | Skipped]:
    splitter = ElementSplitter(keys, limit)
    return [found for at in range(0, len(data), size) for found in splitter.feed(data[at : at + size])]


@given(entries=ENTRIES, before=st.dictionaries(TEXTS, TREES, max_size=3), size=st.integers(1, 40), indent=st.booleans())
def test_elements_come_out_whole_however_the_file_is_cut(entries: Any, before: Any, size: int, indent: bool) -> None:
    """Brackets and quotes in strings, escapes on a piece's edge, other keys around: the elements are those of json."""
    document = {"log": {**before, "entries": entries, "comment": "after"}, "more": [{}]}
    data = json.dumps(document, indent=2 if indent else None).encode()
    found = split(data, size=size, limit=10_000)
    assert [json.loads(one) for one in found if isinstance(one, bytes)] == entries
    assert len(found) == len(entries)


@given(documents=st.lists(st.dictionaries(TEXTS, TREES, max_size=4), max_size=4), size=st.integers(1, 40))
def test_documents_in_a_row_need_no_separator(documents: Any, size: int) -> None:
    data = "".join(json.dumps(one, indent=1) for one in documents).encode()
    assert [json.loads(one) for one in split(data, (), size, 10_000)] == documents


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"log": {"entries": [1, {"a": 1}, "x", [2], null]}}', 5),
        ('{"log": {"pages": [{"entries": [{}]}], "entries": [{}]}}', 1),
        ('{"x": {"entries": [{}]}, "log": {"entries": [{}, {}]}}', 2),
        ('{"log": [{"entries": [{}]}]}', 0),
        ('{"log": "entries", "entries": [{}]}', 0),
        ('{"entries": {"log": [{}]}}', 0),
        ('\ufeff{"log": {"entries": [{}]}}', 1),
    ],
)
def test_only_the_named_array_counts(text: str, found: int) -> None:
    """The same key elsewhere is something else; what is no object is counted as no entry."""
    assert len(split(text.encode(), limit=100)) == found


def test_a_scalar_is_counted_once_wherever_a_piece_ends() -> None:
    for size in range(1, 12):
        assert split(b'{"log": {"entries": [123456, {"a": 1}]}}', size=size) == [NOT_AN_ENTRY, b'{"a": 1}']


def test_an_element_over_the_limit_is_passed_over_without_being_held() -> None:
    """One string of 40 MB costs a piece of memory, not 40 MB; the next element is read."""
    splitter = ElementSplitter(HAR, limit_bytes=1000)
    found = list(splitter.feed(b'{"log": {"entries": [{"a": "'))
    piece = b"x" * (1 << 18)
    tracemalloc.start()
    for _ in range(160):
        found += splitter.feed(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    found += splitter.feed(b'"}, {"b": 1}]}}')
    assert found == [TOO_LONG, b'{"b": 1}']
    assert peak < 4 << 20
    assert splitter.is_whole


def test_a_million_open_brackets_cost_no_stack() -> None:
    """Depth is a number here; the parser behind refuses what is too deep."""
    found = split(b'{"log": {"entries": [' + b"[" * 200_000 + b"]" * 200_000 + b"]}}", size=65536, limit=1 << 20)
    assert [read_record(one) for one in found if isinstance(one, bytes)] == [Skipped("nested-too-deeply")]


def test_a_file_that_ends_inside_is_not_whole() -> None:
    for text in (b'{"log": {"entries": [{"a": 1}', b'{"log": {"entries": [{"a": "x'):
        splitter = ElementSplitter(HAR)
        list(splitter.feed(text))
        assert not splitter.is_whole
        assert splitter.found


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[1]", "not-an-entry"),
        (b"{", "unreadable"),
        (b'{"a": NaN}', "unreadable"),
        (b'{"a": ' + b"9" * 5000 + b"}", "unreadable"),
        (b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", "nested-too-deeply"),
        (b'{"a": [' + b"1," * 1_000_001 + b"1]}", "too-many-values"),
    ],
    ids=["no object", "torn", "no JSON number", "a number of 5000 digits", "deep", "a million values"],
)
def test_a_record_that_cannot_be_used_says_why_in_a_fixed_word(data: bytes, reason: str) -> None:
    assert read_record(data) == Skipped(reason)


def test_what_real_tools_write_is_forgiven() -> None:
    """Control characters in strings, bytes that are no UTF-8, lone surrogates, and commas inside of long texts."""
    assert read_record(b'{"a": "x\ty", "b": "\xff", "c": "\\ud800"}') == {"a": "x\ty", "b": "\udcff", "c": "\ud800"}
    assert read_record(b'{"a": "' + b"," * 1_000_001 + b'"}') == {"a": "," * 1_000_001}


@given(
    records=st.lists(st.binary(max_size=9).filter(lambda one: b"|-" not in one and not one.endswith(b"|"))),
    size=st.integers(1, 9),
)
def test_records_are_cut_at_the_separator(records: list[bytes], size: int) -> None:
    """Also when the separator itself lies across two pieces."""
    data, cutter = b"|-".join(records), Cutter(b"|-")
    found = [one for at in range(0, len(data), size) for one in cutter.feed(data[at : at + size])]
    assert [*found, cutter.rest()] == (records or [b""])


def test_a_record_over_the_limit_is_passed_over_and_the_next_one_read() -> None:
    cutter = Cutter(b"\n", limit_bytes=10)
    found = [one for piece in (b"ab\n" + b"x" * 50, b"y" * 50, b"z\nshort\n") for one in cutter.feed(piece)]
    assert found == [b"ab", TOO_LONG, b"short"]
    assert cutter.rest() == b""
