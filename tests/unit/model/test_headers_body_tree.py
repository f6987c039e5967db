"""The small values at the bottom: header fields, bodies, places."""

from __future__ import annotations

import pytest

from replay.model.body import EMPTY, Body
from replay.model.headers import Headers
from replay.model.tree import Place, Tree, at, leaves, pattern, replaced

FIELDS = Headers.of([("X-A", "1"), ("Cookie", "secret"), ("x-a", "2")])


def test_header_names_compare_without_case() -> None:
    """The first value, all values, presence."""
    assert FIELDS.get("x-A") == "1"
    assert FIELDS.get("absent", "d") == "d"
    assert FIELDS.get_all("X-a") == ("1", "2")
    assert FIELDS.get_all("absent") == ()
    assert "COOKIE" in FIELDS
    assert "absent" not in FIELDS


def test_header_fields_change_in_copies() -> None:
    """Order stays; a replaced name stands once, where it stood first, or last when it is new."""
    assert FIELDS.replaced("X-A", "9").fields == (("X-A", "9"), ("Cookie", "secret"))
    assert FIELDS.replaced("New", "9").fields == (*FIELDS.fields, ("New", "9"))
    assert FIELDS.without("COOKIE", "absent").fields == (("X-A", "1"), ("x-a", "2"))
    assert FIELDS.fields == (("X-A", "1"), ("Cookie", "secret"), ("x-a", "2"))


@pytest.mark.parametrize(
    ("content_type", "media_type", "is_json", "is_form"),
    [
        ("application/json", "application/json", True, False),
        ("Application/JSON; charset=utf-8", "application/json", True, False),
        ("application/vnd.shop.v1+json", "application/vnd.shop.v1+json", True, False),
        ("application/x-www-form-urlencoded;charset=UTF-8", "application/x-www-form-urlencoded", False, True),
        ("text/html", "text/html", False, False),
        ("application/jsonp", "application/jsonp", False, False),
        ("", "", False, False),
    ],
)
def test_the_media_type_is_the_essence(content_type: str, media_type: str, is_json: bool, is_form: bool) -> None:
    """Parameters and case do not count (RFC 9110 section 8.3.1)."""
    body = Body(b"", content_type)
    assert (body.media_type, body.is_json, body.is_form) == (media_type, is_json, is_form)


def test_a_cut_body_knows_its_true_length() -> None:
    """Cutting keeps the true size, also when cut twice; what fits is not cut."""
    body = Body(b"0123456789", "text/plain")
    cut = body.cut(4)
    assert (cut.data, cut.truncated, cut.length_bytes, cut.content_type) == (b"0123", True, 10, "text/plain")
    assert cut.cut(2).length_bytes == 10
    assert body.cut(10) is body
    assert (EMPTY.length_bytes, EMPTY.truncated) == (0, False)


TREE: Tree = {"a": [1, {"b": None}], "c": "x"}


def test_leaves_come_in_document_order() -> None:
    """Depth first, every scalar once; containers are no leaves."""
    assert list(leaves(TREE)) == [(("a", 0), 1), (("a", 1, "b"), None), (("c",), "x")]
    assert next(leaves(TREE, ("body",))) == (("body", "a", 0), 1)
    assert list(leaves([])) == []
    assert list(leaves(None)) == [((), None)]


def test_leaves_of_a_tree_deeper_than_the_stack() -> None:
    """No recursion: 100 000 levels are walked."""
    tree: Tree = "x"
    for _ in range(100_000):
        tree = [tree]
    walk = leaves(tree)
    place = next(walk)[0]
    assert len(place) == 100_000
    while isinstance(tree, list):  # take it apart by hand: freeing it at once would recurse in C
        tree = tree.pop()


@pytest.mark.parametrize(
    ("place", "expected"), [((), TREE), (("a", 1, "b"), None), (("a", -2), 1), (("a", 1), {"b": None})]
)
def test_the_subtree_at_a_place(place: Place, expected: Tree) -> None:
    """A place leads to its subtree."""
    assert at(TREE, place) == expected


@pytest.mark.parametrize("place", [("z",), ("a", 2), ("a", "b"), ("c", 0), (0,), ("a", 1, "b", "c")])
def test_a_place_that_is_not_there(place: Place) -> None:
    """KeyError, for reading and for replacing, without a value in its text."""
    with pytest.raises(KeyError, match="no such place"):
        at(TREE, place)
    with pytest.raises(KeyError, match="no such place"):
        replaced(TREE, place, 0)


def test_replacing_copies_the_way_only() -> None:
    """The old tree is as it was; what is beside the way is shared."""
    tree: Tree = {"a": [1, 2], "b": {"c": 3}}
    changed = replaced(tree, ("a", 1), 9)
    assert changed == {"a": [1, 9], "b": {"c": 3}}
    assert tree == {"a": [1, 2], "b": {"c": 3}}
    assert at(changed, ("b",)) is at(tree, ("b",))
    assert replaced(tree, (), 5) == 5


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (("body", "items", 0, "id"), "body.items[*].id"),
        (("path", 2), "path[*]"),
        (("body",), "body"),
        (("body", 0, 1), "body[*][*]"),
        ((0, "a"), "[*].a"),
        ((), ""),
    ],
)
def test_a_pattern_forgets_indices(place: Place, expected: str) -> None:
    """A pattern names a field, not an element."""
    assert pattern(place) == expected
