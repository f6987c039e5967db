"""Two documents and two answers, nothing forgiven: the traps of fast parsers and of `==`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from replay.diff.layers import canonical, differences, gate, walk_answers, walk_bodies
from replay.model.body import Body
from replay.model.codec import MAX_DEPTH, dump_json, parse_json
from replay.model.difference import DifferenceKind
from replay.model.exchange import Fault, FaultKind, Outcome, Response
from unit.diff.traced import answered

VALUE, TYPE, MISSING, ADDED, LENGTH = (
    DifferenceKind.VALUE,
    DifferenceKind.TYPE,
    DifferenceKind.MISSING,
    DifferenceKind.ADDED,
    DifferenceKind.LENGTH,
)


def nested(depth: int, core: Any) -> Any:
    for _ in range(depth):
        core = {"a": core}
    return core


def kinds(left: bytes, right: bytes) -> list[tuple[str, DifferenceKind]]:
    return [(raw.place, raw.kind) for raw in differences(parse_json(left), parse_json(right))]


@pytest.mark.parametrize(
    ("left", "right", "expected", "remark"),
    [
        (b'{"__typename":"A"}', b'{"__typename":"B"}', [("body.__typename", VALUE)], "deepdiff skips private names"),
        (b"[0]", b"[false]", [("body[*]", TYPE)], "0 == False in Python"),
        (b"1", b"true", [("body", TYPE)], "1 == True in Python"),
        (b'{"a":1}', b'{"a":1.0}', [], "JSON has one kind of number"),
        (b'{"a":123456789012345678901}', b'{"a":123456789012345678902}', [("body.a", VALUE)], "beyond 64 bits"),
        (b"[1,2,2]", b"[1,2]", [("body", LENGTH)], "a repetition lost"),
        (b"[1,2,2]", b"[1,2,2]", [], "a repetition kept"),
        (b'{"a":-0}', b'{"a":0}', [], "minus nothing is nothing"),
        (b'{"a":-0.0}', b'{"a":0}', [], "in fractions as well"),
        (b'{"a":"NaN"}', b'{"a":"nan"}', [("body.a", VALUE)], "text is text"),
        (b'{"a":"1"}', b'{"a":1}', [("body.a", TYPE)], "text is not a number"),
        (b'{"a":null}', b"{}", [("body.a", MISSING)], "null is there, absent is not"),
        (b"{}", b'{"a":null}', [("body.a", ADDED)], "and the other way round"),
        (b'{"a":[]}', b'{"a":null}', [("body.a", TYPE)], "an empty list is a list"),
        (b'{"a":[]}', b'{"a":{}}', [("body.a", TYPE)], "and no object"),
        (b'{"a":""}', b'{"a":null}', [("body.a", TYPE)], "an empty text is a text"),
        (b'{"a":1e-9}', b'{"a":5e-9}', [("body.a", VALUE)], "no absolute digits"),
        (b'[{"a":1,"b":2},{"a":1,"b":2}]', b'[{"a":1},{"a":1},{"a":1}]', [("body", LENGTH), ("body[*].b", MISSING)],
         "different lengths: what all elements share is compared"),
        (b'{"m":{"17":{"v":1}}}', b'{"m":{"42":{"v":1}}}', [], "keys that are data are elements"),
        (b'{"m":{"17":{"v":1}}}', b'{"m":{"42":{"v":"1"}}}', [("body.m[*].v", TYPE)], "and have a common shape"),
    ],
)  # fmt: skip
def test_traps(left: bytes, right: bytes, expected: list[tuple[str, DifferenceKind]], remark: str) -> None:
    """Each row is a silent mistake of a well-known comparison."""
    assert kinds(left, right) == expected, remark


def document(tree: Any) -> Body:
    return Body(dump_json(tree), "application/json")


@pytest.mark.parametrize("depth", [10, 199, 253, 300, 800, 5000])
def test_deep_documents_are_walked(depth: int) -> None:
    """The walk does not recurse: one leaf differs, however deep it stands."""
    (raw,) = differences(nested(depth, 1), nested(depth, 2))
    assert (raw.place, raw.kind, raw.expected, raw.observed) == ("body" + ".a" * depth, VALUE, 1, 2)


def test_deep_bodies_are_read_as_far_as_the_codec_goes() -> None:
    """Up to its limit leaf by leaf; white space is no difference there."""
    left, right = document(nested(MAX_DEPTH - 1, 1)), document(nested(MAX_DEPTH - 1, 2))
    assert [(pair.left, pair.right) for pair in walk_bodies(left, right)] == [(1, 2)]
    assert list(walk_bodies(left, Body(left.data + b" ", "application/json"))) == []


@pytest.mark.parametrize("depth", [300, 901, 5000])
def test_deeper_than_can_be_parsed_is_compared_by_bytes(depth: int) -> None:
    """A deep document crashes nothing: equal bytes are equal, others differ as a whole."""
    left, right = (Body(b"[" * depth + core + b"]" * depth, "application/json") for core in (b"1", b"2"))
    assert list(walk_bodies(left, left)) == []
    by_leaf, by_bytes = ("body" + "[*]" * depth, None), ("body", VALUE)
    assert [(pair.place, pair.kind) for pair in walk_bodies(left, right)] == [
        by_bytes if depth > MAX_DEPTH else by_leaf
    ]


@pytest.mark.parametrize(
    ("left", "right", "expected", "remark"),
    [
        (b"{}", b"{", [("body", DifferenceKind.MEDIA_TYPE)], "one can be read"),
        (b'{"a":NaN}', b'{"a":NaN }', [("body", VALUE)], "none can"),
        (b"{}", b"", [("body", MISSING)], "nothing is not unreadable"),
        (b"", b"{}", [("body", ADDED)], ""),
        (b'{"a":1,"b":2}', b'{ "b":2, "a":1 }', [], "spelling"),
        (b'"\\u0061"', b'"a"', [], "escapes"),
    ],
)
def test_bodies(left: bytes, right: bytes, expected: list[tuple[str, DifferenceKind]], remark: str) -> None:
    """What cannot be read is still compared."""
    pairs = walk_bodies(Body(left, "application/json"), Body(right, "application/json"))
    assert [(pair.place, pair.kind) for pair in pairs] == expected, remark


def test_a_cut_body_is_not_compared() -> None:
    """What is missing cannot be told from what was cut."""
    whole = Body(b'{"a":1}', "application/json")
    assert list(walk_bodies(whole, whole.cut(3))) == []


RESET = Fault(FaultKind.RESET)


@pytest.mark.parametrize(
    ("left", "right", "expected", "remark"),
    [
        (answered({}), answered([]), None, "bodies are not the gate's"),
        (answered({}), answered({}, 201), DifferenceKind.STATUS, "201 is not 200"),
        (answered({}), RESET, DifferenceKind.FAULT, ""),
        (RESET, RESET, None, "the same fault"),
        (RESET, Fault(FaultKind.TIMEOUT), DifferenceKind.FAULT, "another fault"),
        (Fault(FaultKind.CLIENT_GONE), answered({}), None, "the recorded client left: not the target's doing"),
        (answered({}), answered(b"x", media="text/html"), DifferenceKind.MEDIA_TYPE, ""),
        (answered({}), answered({}, media="Application/JSON; charset=utf-8"), None, "parameters and case"),
        (answered(b"", media=""), answered(b""), None, "nothing has no type"),
    ],
)
def test_gate(left: Outcome, right: Outcome, expected: DifferenceKind | None, remark: str) -> None:
    """One difference, or none, before any body is read."""
    found = gate(left, right)
    assert (found.kind if found else None) is expected, remark


HEADERS = [
    ([("Date", "x"), ("ETag", "1")], [("date", "y")], [], "of the moment"),
    ([("X-RateLimit-Remaining", "9")], [("X-RateLimit-Remaining", "8")], [], "numbers of a limiter"),
    ([("Server", "a"), ("Via", "b")], [], [], "of the way"),
    ([("X-Version", "1")], [("x-version", "1")], [], "names in any case"),
    ([("X-Version", "1")], [("X-Version", "2")], [("header.x-version", None)], "a value"),
    ([("X-Version", "1")], [], [("header.x-version", MISSING)], "a header gone"),
    ([], [("X-Debug", "1")], [("header.x-debug", ADDED)], "a header new"),
    ([("Vary", "A, B")], [("Vary", "b"), ("Vary", "a")], [], "a set"),
    ([("X-L", "a"), ("X-L", "b")], [("X-L", "b, a")], [("header.x-l", None)], "a list"),
    ([("Link", "<http://a/?page=2>")], [("Link", "<http://b/?page=2>")], [], "an address of the environment"),
    ([("Location", "/x?code=1")], [("Location", "/x?code=2")], [], "values in its query"),
    ([("Location", "/x?code=1")], [("Location", "/x?error=2")], [("header.location", None)], "names in its query"),
    ([("Location", "http://a/x")], [("Location", "https://b/x")], [], "the host is the environment's"),
    ([("Location", "/x")], [("Location", "/y")], [("header.location", None)], "the path is not"),
    ([("Set-Cookie", "s=1; HttpOnly")], [("Set-Cookie", "s=2; httponly")], [], "a cookie's value"),
    ([("Set-Cookie", "s=1; HttpOnly")], [("Set-Cookie", "s=1")], [("set-cookie.s.httponly", MISSING)], "its flags"),
    (
        [("Set-Cookie", "s=1; SameSite=Lax")],
        [("Set-Cookie", "s=1; SameSite=None")],
        [("set-cookie.s.samesite", None)],
        "",
    ),
    ([("Set-Cookie", "s=1; Expires=x")], [("Set-Cookie", "s=1; Max-Age=9")], [], "both last"),
    ([("Set-Cookie", "s=1")], [], [("set-cookie.s", MISSING)], "a cookie gone"),
]


@pytest.mark.parametrize(("left", "right", "expected", "remark"), HEADERS)
def test_headers(left: Any, right: Any, expected: list[Any], remark: str) -> None:
    """What belongs to the build is compared, what belongs to the moment, the wire and the way is not."""
    pairs = walk_answers(answered({}, headers=left), answered({}, headers=right))
    assert [(pair.place, pair.kind) for pair in pairs] == expected, remark


def test_canonical_is_exact_beyond_64_bits() -> None:
    """2**64 and its neighbour are two numbers; keys have no order."""
    assert canonical({"b": 2**70, "a": 1}) == canonical({"a": 1, "b": 2**70}) != canonical({"a": 1, "b": 2**70 + 1})
    assert json.loads(canonical({"a": 2**70})) == {"a": 2**70}


def test_both_answers_may_be_the_same_object() -> None:
    """Nothing differs from itself."""
    same: Response = answered({"a": [1, None, {"b": "x"}]}, headers=[("X-A", "1")])
    assert gate(same, same) is None
    assert list(walk_answers(same, same)) == []
