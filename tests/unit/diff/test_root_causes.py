"""Differences to causes: by what was done and the field's name, with ids that never change."""

from __future__ import annotations

from typing import Any

import pytest

from replay.diff.causes import causes, what_was_done
from replay.model.difference import Difference, DifferenceKind

K = DifferenceKind


def differ(
    place: str, was: Any, now: Any, *, kind: K = K.VALUE, endpoint: str = "GET /a", at: str = "e1"
) -> Difference:
    return Difference(at, endpoint, place, kind, was, now)


@pytest.mark.parametrize(
    ("kind", "pairs", "expected"),
    [
        (K.STATUS, [(200, 500), (200, 500)], "status 200 became 500"),
        (K.MISSING, [(1, None)], "is missing"),
        (K.TYPE, [(12, "12")], "number became text"),
        (K.TYPE, [("list", None)], "list became null"),
        (K.LENGTH, [(3, 0), (2, 0)], "emptied"),
        (K.LENGTH, [(3, 2), (2, 1)], "elements are missing"),
        (K.VALUE, [(10, 11), (20, 21)], "+1"),
        (K.VALUE, [(10, 0.01), (20, 0.02)], "times 0.001"),
        (K.VALUE, [(10, 3), (20, 4)], "another number"),
        (K.VALUE, [("paid", "PAID")], "another case"),
        (K.VALUE, [("abcdef", "abc")], "cut"),
        (K.VALUE, [("text", "")], "became empty"),
        (K.VALUE, [(True, False)], "flipped"),
        (K.DRIFT, [("2026-11-20T10:00:00Z", "2026-11-20T12:00:00Z")], "+7200 s"),
    ],
)
def test_what_was_done_is_said_without_values(kind: K, pairs: list[tuple[Any, Any]], expected: str) -> None:
    assert what_was_done([differ("body.f", was, now, kind=kind) for was, now in pairs]) == expected


def test_one_cause_at_many_places_is_one() -> None:
    """The same field, in any spelling, at three endpoints, in a hundred answers."""
    places = [("GET /a", "body.total_cents"), ("GET /b", "body.rows[*].totalCents"), ("POST /c", "body.total_cents")]
    many = [
        differ(place, n, str(n), kind=K.TYPE, endpoint=endpoint, at=f"e{n}")
        for endpoint, place in places
        for n in range(40)
    ]
    (cause,) = causes(many)
    assert (cause.name, cause.what, cause.differences, len(cause.groups)) == (
        "totalcents",
        "number became text",
        120,
        3,
    )
    assert [one.endpoint for one in cause.exemplars] == ["GET /a", "GET /b", "POST /c"]
    assert cause.endpoints == ("GET /a", "GET /b", "POST /c")


def test_other_fields_and_other_doings_are_other_causes() -> None:
    found = causes([differ("body.a", 1, 2), differ("body.b", 1, 2), differ("body.a", 1, None, kind=K.MISSING)])
    assert len({one.id for one in found}) == 3


def test_the_id_is_the_same_in_every_run() -> None:
    """Values, exchanges and order do not enter it."""
    one = causes([differ("body.n", 1, 3), differ("body.n", 2, 4, at="e2")])
    two = causes([differ("body.n", 7, 9, at="x9"), differ("body.n", 8, 10, at="x3")])
    assert [cause.id for cause in one] == [cause.id for cause in two]
