"""The residue for a human: everything that differs has a line, and no line holds a secret."""

from __future__ import annotations

import pytest

from replay.diff.render import render
from replay.model.difference import Difference, DifferenceKind
from replay.model.tree import Scalar

K = DifferenceKind


def difference(
    kind: DifferenceKind, expected: Scalar, observed: Scalar, place: str = "body.f", remark: str = ""
) -> Difference:
    return Difference("e", "GET /x", place, kind, expected, observed, remark)


@pytest.mark.parametrize(
    ("kind", "expected", "observed", "line"),
    [
        (K.VALUE, 1, 2, "GET /x body.f value: 1 became 2"),
        (K.TYPE, 1, True, "GET /x body.f type: 1 became true"),
        (K.TYPE, 0, False, "GET /x body.f type: 0 became false"),
        (K.TYPE, "1", 1, 'GET /x body.f type: "1" became 1'),
        (K.MISSING, "a", None, 'GET /x body.f missing: "a" is gone'),
        (K.MISSING, None, None, "GET /x body.f missing: null is gone"),
        (K.ADDED, None, "object", 'GET /x body.f added: "object" is new'),
        (K.RENAMING, "a", "a", 'GET /x body.f renaming: "a" became "a"'),
        (K.VALUE, "ann@live.example", "bob@live.example", "GET /x body.f value: <email> became <email>"),
        (K.VALUE, "x\x1b[31m", "y", 'GET /x body.f value: "x?[31m" became "y"'),
    ],
)
def test_lines(kind: DifferenceKind, expected: Scalar, observed: Scalar, line: str) -> None:
    """Even where deepdiff sees nothing (equal sides, null against absent) there is a line."""
    assert render([difference(kind, expected, observed)]) == line


def test_private_names_are_rendered() -> None:
    """deepdiff's default would pass over them."""
    assert render([difference(K.VALUE, "A", "B", "body.__typename")]).endswith('"A" became "B"')


def test_repeated_differences_share_a_line() -> None:
    """The first one's values, its remark and how many."""
    text = render([difference(K.VALUE, 1, 2, remark="why"), difference(K.VALUE, 3, 4)])
    assert text == "GET /x body.f value: 1 became 2 (why) ×2"


@pytest.mark.parametrize(("count", "size"), [(201, 1), (3, 40_000)])
def test_large_residues_are_rendered_without_deepdiff(count: int, size: int) -> None:
    """Beyond 200 leaves or 64 KB: our own words, and still a line for each, of bounded length."""
    lines = render([difference(K.VALUE, "a b" * size, "c", f"body.f{n}") for n in range(count)]).splitlines()
    assert len(lines) == count
    assert max(map(len, lines)) < 200


def test_nothing_renders_as_nothing() -> None:
    """Only an empty residue is empty."""
    assert render([]) == ""
