"""JSON in and out without silent losses."""

from __future__ import annotations

import pytest

from replay.model.codec import MAX_DEPTH, UndecodableError, depth_bound, dump_json, parse_json
from replay.model.tree import Tree

DOCUMENTS: list[tuple[str, bytes, Tree]] = [
    ("the largest 64-bit integer", b"18446744073709551615", 18446744073709551615),
    ("one more: orjson alone gives a float", b"18446744073709551616", 18446744073709551616),
    ("below the smallest 64-bit integer", b"-9223372036854775809", -9223372036854775809),
    ("a long integer inside a document", b'{"a":[123456789012345678901]}', {"a": [123456789012345678901]}),
    ("nineteen digits in text are text", b'"1234567890123456789"', "1234567890123456789"),
    ("floats", b"[1.5,-0.25,1e3]", [1.5, -0.25, 1000.0]),
    ("a float of many digits", b"0.1234567890123456789", 0.12345678901234568),
    ("escapes", b'"\\u00e9\\ud83d\\ude00\\n"', "é😀\n"),
    ("white space around", b" \r\n{ } ", {}),
    ("the last of equal keys counts", b'{"a":1,"a":2}', {"a": 2}),
    ("also on the exact path", b'{"a":1,"a":12345678901234567890123}', {"a": 12345678901234567890123}),
]


@pytest.mark.parametrize(("data", "tree"), [row[1:] for row in DOCUMENTS], ids=[row[0] for row in DOCUMENTS])
def test_a_document_is_read_exactly(data: bytes, tree: Tree) -> None:
    """Values and their types are those of the document."""
    read = parse_json(data)
    assert read == tree
    assert type(read) is type(tree)


REJECTED: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("white space", b"  "),
    ("cut", b'{"a":'),
    ("two documents", b"{} {}"),
    ("single quotes", b"{'a':1}"),
    ("a comment", b"{} // x"),
    ("a trailing comma", b"[1,]"),
    ("NaN", b"NaN"),
    ("NaN beside a long integer", b"[NaN,12345678901234567890]"),
    ("infinity", b"1e400"),
    ("infinity beside a long integer", b"[1e400,12345678901234567890]"),
    ("a lone surrogate", b'"\\ud800"'),
    ("a lone surrogate beside a long integer", b'["\\ud800",12345678901234567890]'),
    ("a byte order mark", b"\xef\xbb\xbf{}"),
    ("not UTF-8", b'"\xff"'),
    ("not UTF-8 beside a long integer", b'["\xed\xa0\x80",12345678901234567890]'),
    ("UTF-16", '{"a":1}'.encode("utf-16")),
    ("a NUL", b"\x00"),
    ("more digits than Python turns into an integer", b"1" * 5000),
    ("too deep", b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)),
    ("a hundred thousand levels", b"[" * 100_000),
]


@pytest.mark.parametrize("data", [row[1] for row in REJECTED], ids=[row[0] for row in REJECTED])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    """UndecodableError and nothing else, on both paths alike."""
    with pytest.raises(UndecodableError):
        parse_json(data)


def test_a_refusal_quotes_nothing() -> None:
    """A captured value never stands in an exception, its cause or its context."""
    with pytest.raises(UndecodableError) as caught:
        parse_json(b'{"password":"hunter2"')
    assert "hunter2" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


DUMPS: list[tuple[str, Tree, bytes]] = [
    ("compact, keys in order", {"z": 1, "a": [True, None]}, b'{"z":1,"a":[true,null]}'),
    ("UTF-8 as it is", "é", '"é"'.encode()),
    ("an integer beyond 64 bits", {"n": -(2**70)}, b'{"n":-1180591620717411303424}'),
    ("a lone surrogate is escaped, not lost", "\ud800", b'"\\ud800"'),
]


@pytest.mark.parametrize(("tree", "data"), [row[1:] for row in DUMPS], ids=[row[0] for row in DUMPS])
def test_a_tree_is_written_compactly(tree: Tree, data: bytes) -> None:
    """One text per tree."""
    assert dump_json(tree) == data


@pytest.mark.parametrize("frames", [0, 200, 500])
def test_the_deepest_document_passes_from_deep_inside_a_program(frames: int) -> None:
    """MAX_DEPTH levels are read and written whatever the caller's own depth (within reason)."""

    def from_below(left: int) -> bytes:
        return from_below(left - 1) if left else dump_json(parse_json(data))

    for data in (
        b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
        b'{"a":' * MAX_DEPTH + b"12345678901234567890123" + b"}" * MAX_DEPTH,
    ):
        assert from_below(frames) == data


DEPTHS: list[tuple[str, bytes, int]] = [
    ("no bracket", b"1", 0),
    ("few brackets are only counted", b"[][]", 2),
    ("many siblings are not deep", b"[" + b"{}," * 5000 + b"1]", 2),
    ("brackets in text do not count", b'["' + b"[" * 5000 + b'"]', 1),
    ("an escaped quote does not end the text", b'["\\"' + b"[" * 5000 + b'"]', 1),
    ("a text that never ends", b'"' + b"[" * 5000, 0),
    ("really deep", b"[" * 5000, 5000),
]


@pytest.mark.parametrize(("data", "depth"), [row[1:] for row in DEPTHS], ids=[row[0] for row in DEPTHS])
def test_depth(data: bytes, depth: int) -> None:
    """An upper bound below MAX_DEPTH, the exact depth above."""
    assert depth_bound(data) == depth


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", [b'\\"', b'"', b"\\", b'"a', b"[]", b'"\\\\'])
def test_depth_costs_linear_time(piece: bytes) -> None:
    """A hostile megabyte is measured in milliseconds; a pattern that starts again at each quote needs minutes."""
    for opening in (b"", b'"'):
        assert depth_bound(opening + piece * 500_000 + b"[" * 300) in {0, 1, 300}
