"""Single values: shapes, times, relations, and what redaction leaves to ask."""

from __future__ import annotations

import pytest

from replay.diff.leaf import Moment, judge_leaf
from replay.diff.relations import holds, is_equal
from replay.diff.shapes import is_map_key, is_same_shape, names_one_thing, shape
from replay.diff.times import follow_the_clock, second_of, time_format
from replay.model.difference import DifferenceKind, Relation
from replay.model.tree import Scalar

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIiwiZXhwIjoxfQ.c2ln"
JWT_2 = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyIiwiZXhwIjoyfQ.eHh4"
JWT_SHORT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"
UUIDS = ("0b9c1e1e-9d1f-4c7e-8f5d-1a2b3c4d5e6f", "5f0c1e1e-9d1f-4c7e-8f5d-1a2b3c4d5e60")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"), (True, "bool"), (12, "number"), (12.5, "number"), ("", "empty"), (UUIDS[0], "uuid"),
        ("00000000-0000-0000-0000-000000000000", "zero-uuid"), (JWT, "jwt:exp,sub"), ("a@b.example", "email"),
        ("deadbeef01", "hex10"), ("12", "number-text"), ("1.5", "number-text"), ("1234567890", "digits10"),
        ("usr_9f3a1", "id:usr_"), ("aB3xY9kLm2Qr", "token"), ("2026-11-20", "date"),
        ("2026-11-20T10:00:00Z", "datetime-zone"), ("2026-11-20 10:00", "datetime"),
        ("Fri, 20 Nov 2026 10:00:00 GMT", "http-date"), ("2026-13-45", "text:#"),
        ("http://h/orders/17?b=1&a=2", "url:/orders/{id}?a&b"), ("/orders/17", "url:/orders/{id}?"),
        ('{"b":1,"a":2}', "json:a,b"), ("[1]", "json-list"), ("{x}", "text"), ("open", "text:open"),
        ("Order 17 of a@b.c", "text:Order # of #"),
    ],
)  # fmt: skip
def test_shape(value: Scalar, expected: str) -> None:
    """The class that a person would name."""
    assert shape(value) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected", "remark"),
    [
        (UUIDS[0], UUIDS[1], True, ""),
        (UUIDS[0], "00000000-0000-0000-0000-000000000000", False, "nothing is a class of its own"),
        ("dead4eef", "12345678", True, "hex without letters, by chance"),
        ("dead4eef", "1234567890", False, "but as long"),
        (JWT, JWT_2, True, "other claims' values"),
        (JWT, JWT_SHORT, False, "a claim lost"),
        ('{"a":1}', '{"a":2}', True, "JSON in text: names"),
        ('{"a":1}', '{"b":1}', False, ""),
        ("http://a/x/1", "https://b/x/2", True, "the host is the environment's"),
        ("http://a/x/1", "http://a/y/1", False, ""),
        ("Order 17", "Order 99", True, "numbers in a sentence"),
        ("Order 17", "Invoice 17", False, "its words"),
        ("", "x", False, "emptiness"),
    ],
)
def test_same_shape(left: Scalar, right: Scalar, expected: bool, remark: str) -> None:
    """Symmetric, and coarse only where chance would be loud."""
    assert is_same_shape(left, right) is expected, remark
    assert is_same_shape(right, left) is expected, remark


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(1, 1.0, True), (1, True, False), (0, False, False), ("1", 1, False), (None, 0, False),
     (float("nan"), float("nan"), True), (2**70, 2**70 + 1, False), (-0.0, 0, True), ("a", "a", True)],
)  # fmt: skip
def test_equal_is_typed(left: Scalar, right: Scalar, expected: bool) -> None:
    """Numbers by value; truth is no number."""
    assert is_equal(left, right) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1_763_632_800, "epoch"), (1_763_632_800.5, "epoch"), (1_763_632_800_000, "epoch-ms"), (17, ""), (True, ""),
     ("2026-11-20T10:00:00.123456789+01:00", "datetime-zone"), ("2026-11-20T10:00:00+0100", "datetime-zone"),
     (None, ""), ("now", ""), ("2026-02-30", ""), ("x" * 200, "")],
)  # fmt: skip
def test_time_format(value: Scalar, expected: str) -> None:
    """Only what means a second is a time."""
    assert time_format(value) == expected
    assert (second_of(value) is not None) is bool(expected)


def test_times_in_all_formats_mean_the_same_second() -> None:
    """One moment, five ways to write it."""
    ways = (
        "2026-11-20T10:00:00Z",
        "2026-11-20 10:00",
        "2026-11-20T11:00:00.000+01:00",
        "Fri, 20 Nov 2026 10:00:00 GMT",
    )
    assert {second_of(way) for way in (*ways, 1_795_168_800, 1_795_168_800_000)} == {1_795_168_800.0}


def test_coarse_times_follow_the_clock() -> None:
    """Today differs between two days and is right on both; a fixed date that moved is not."""
    then, now = second_of("2026-09-03T11:00:00Z"), second_of("2026-11-20T10:00:00Z")
    assert follow_the_clock("2026-09-03", "2026-11-20", then, now)
    assert not follow_the_clock("2027-01-15", "2027-02-15", then, now)
    assert follow_the_clock("2027-01-15", "2027-02-15", None, now), "without a Date on both sides nothing can be told"
    assert not follow_the_clock("2027-01-15", "soon", then, now)


@pytest.mark.parametrize(
    ("relation", "left", "right", "expected", "remark"),
    [
        (Relation.TIME, 1_763_632_800, 1_763_632_900, True, "near"),
        (Relation.TIME, 1_063_632_800, 1_763_632_900, False, "ids of ten digits, not times"),
        (Relation.TIME, "2026-11-20", "2026-11-20T10:00", False, "written otherwise"),
        (Relation.RENAMED, 17, 42, True, ""), (Relation.RENAMED, 1.5, 2.5, False, "fractions name nothing"),
        (Relation.RENAMED, "a", 1, False, ""), (Relation.TYPE, "a", "b", True, ""),
        (Relation.TYPE, "a", None, False, ""),
        (Relation.EQUAL, 1, 2, False, ""), (Relation.VARIABLE, "a", None, True, ""),
    ],
)  # fmt: skip
def test_holds(relation: Relation, left: Scalar, right: Scalar, expected: bool, remark: str) -> None:
    """One pair's part of each relation."""
    assert holds(relation, left, right) is expected, remark


@pytest.mark.parametrize(
    ("recorded", "live", "relation", "value_class", "expected", "remark"),
    [
        ("open", "paid", Relation.EQUAL, "", DifferenceKind.VALUE, "a verbatim word"),
        ("xkcq", "paid", Relation.EQUAL, "text", None, "a stand-in says nothing alone"),
        ("xkcq", "", Relation.EQUAL, "text", DifferenceKind.VALUE, "but that it was not empty"),
        ("xkcq", 1, Relation.EQUAL, "text", DifferenceKind.TYPE, "and text"),
        ("u1@d.example", "me@qa.example", Relation.RENAMED, "email", None, ""),
        ("u1@d.example", "nobody", Relation.RENAMED, "email", DifferenceKind.VALUE, "an e-mail stays one"),
        (UUIDS[0], "", Relation.SHAPE, "uuid", DifferenceKind.VALUE, "a uuid stays one"),
        ("Redacted-1!", "anything", Relation.EQUAL, "password", None, "constants say nothing"),
        ("1986-03-04", "1990-01-01", Relation.EQUAL, "date", None, "shifted"),
        ("2026-11-20", "soon", Relation.TIME, "", DifferenceKind.VALUE, "no longer a time"),
        ("qwerty qwe", "2026-11-20", Relation.TIME, "text", None, "a time scrambled as text"),
        (17, "17", Relation.VARIABLE, "", None, "types of variable places are judged together"),
        (17, 17.0, Relation.EQUAL, "", None, ""),
    ],
)
def test_judge_leaf(
    recorded: Scalar, live: Scalar, relation: Relation, value_class: str, expected: DifferenceKind | None, remark: str
) -> None:
    """The relation that noise left, over what redaction kept."""
    assert judge_leaf(recorded, live, relation, value_class, Moment()) is expected, remark


def test_naming_values_are_long_or_random() -> None:
    """17 names a row of some table; a uuid names one thing in the world."""
    assert all(names_one_thing(value) for value in (UUIDS[0], JWT, "a@b.example", 123456789012, "usr_9f3a1b22"))
    assert not any(names_one_thing(value) for value in (17, True, None, 1.5, "open", "usr_9f3a1", 1_763_632_800_000))


def test_map_keys_are_data() -> None:
    """Names of fields are not, even with a digit in them."""
    assert all(is_map_key(key) for key in ("17", UUIDS[0], "a@b.example", "2026-11-20", "0123456789abcdef"))
    assert not any(is_map_key(key) for key in ("addressLine1", "address_line1", "v2", "id", ""))
