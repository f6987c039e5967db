"""Nouns, shapes and credential places: the small judgements that everything in the room rests on."""

from __future__ import annotations

import pytest

from replay.correlate.credentials import is_credential, is_secret_key, is_static
from replay.correlate.nouns import Family, noun_at, noun_in_path
from replay.correlate.shapes import Strength, canonical, strength
from replay.model.tree import Place

NOUNS = [
    (("body", "course_id"), "/x", "course", "key minus _id"),
    (("body", "courseIds", 0), "/x", "course", "camel case, plural"),
    (("query", "order[course_ids][]", 0), "/x", "course", "brackets"),
    (("body", "id"), "/api/courses", "course", "a bare id is the collection's"),
    (("body", "id"), "/api/courses/17", "course", "reading it, too"),
    (("body", "id"), "/api/courses/17/publish", "course", "the action's answer repeats the id in its path"),
    (("body", "id"), "/api/courses/5/enrolments", "enrolment", "another value is the sub-collection's"),
    (("body", "items", 3, "id"), "/api/courses/search", "course", "wrappers and actions name nothing"),
    (("body", "data", "createOrder", "id"), "/graphql", "order", "the verb goes"),
    (("body", "people", 0, "id"), "/x", "person", "irregular plural"),
    (("header", "x-course-id", 0), "/x", "course", "header"),
    (("header", "x-resource-id", 0), "/courses", "course", "a header that says no more than id"),
    (("body", "next_cursor"), "/x", "cursor", "cursors"),
    (("body", "paid"), "/x", "", "ends in id, names none"),
    (("body", "price"), "/courses", "", "no id at all"),
    (("body", "page_number"), "/x", "", "a short number is a count"),
    (("body", 0), "/x", "", "a document without keys"),
]


@pytest.mark.parametrize(("place", "path", "noun", "remark"), NOUNS, ids=[row[3] for row in NOUNS])
def test_a_place_names_a_thing(place: Place, path: str, noun: str, remark: str) -> None:
    """Keys, parents and paths agree on one word for one thing; a place that names no id has none."""
    assert noun_at(place, "17", path) == noun


def test_a_segment_is_named_by_the_collection_before_it() -> None:
    """Also behind another id, and in kebab case."""
    assert noun_in_path("/api/courses/17", 3) == "course"
    assert noun_in_path("/order-items/17", 2) == noun_at(("body", "orderItemId"), "17", "/") == "order_item"
    assert noun_in_path("/17", 1) == ""


def test_names_for_people_are_one_noun_until_two_of_them_own_collections() -> None:
    """/users alone: accounts and /me are users. /users and /accounts: two things, and /register makes users."""
    school = Family.of(["/users/7", "/register", "/profile"])
    assert {school.canonical(noun) for noun in ("account", "me", "register", "student", "user")} == {"user"}
    bank = Family.of(["/users/7", "/accounts/9"])
    assert bank.canonical("account") == "account"
    assert bank.canonical("register") == "user"
    assert bank.canonical("course") == "course"


SHAPES = [
    ("17", Strength.WEAK, "a small integer"),
    ("1712345678901", Strength.WEAK, "an epoch time in ms has an integer's shape"),
    ("712345678901234567", Strength.STRONG, "a snowflake"),
    ("ab12cd34", Strength.STRONG, "eight characters with digits"),
    ("ab12cd3", Strength.WEAK, "seven"),
    ("anna@x.test", Strength.STRONG, "an e-mail without digits"),
    ("2024-000123", Strength.WEAK, "digits and dashes: a number for its readers"),
    ("P1DT12H30M", Strength.NEVER, "a duration"),
    ("20240517T101500Z", Strength.NEVER, "a basic time"),
    ("1920x1080", Strength.NEVER, "a resolution"),
    ("x" * 9000 + "1", Strength.NEVER, "content"),
    ("", Strength.NEVER, "nothing"),
]


@pytest.mark.parametrize(("text", "expected", "remark"), SHAPES, ids=[row[2] for row in SHAPES])
def test_shape_says_how_much_equality_means(text: str, expected: Strength, remark: str) -> None:
    """Only shapes that nobody meets twice by chance are strong."""
    assert strength(text) is expected


def test_numbers_and_numeric_text_are_one_value_and_truth_is_none() -> None:
    """17 equals "17"; true, null and fractions are never linked."""
    assert canonical(17) == canonical("17") == "17"
    assert [canonical(value) for value in (True, None, 1.5)] == ["", "", ""]


def test_credential_places_are_told_from_others() -> None:
    """What says who is calling, what is secret, and what nobody correlates."""
    callers: list[Place] = [
        ("auth", "bearer"),
        ("cookie", "sid"),
        ("header", "x-api-key", 0),
        ("header", "x-tenant-id", 0),
        ("header", "x-org", 0),
        ("header", "x-csrf-token", 0),
        ("query", "api_key", 0),
        ("query", "accessToken", 0),
    ]
    others: list[Place] = [
        ("header", "idempotency-key", 0),
        ("header", "x-request-id", 0),
        ("header", "accept", 0),
        ("query", "page", 0),
        ("path", 2),
        ("body", "api_key"),
    ]
    assert [place for place in callers if not is_credential(place)] == []
    assert [place for place in others if is_credential(place)] == []
    assert is_static(("header", "user-agent", 0))
    assert not is_static(("header", "x-order-id", 0))
    assert is_secret_key("newPassword")
    assert not is_secret_key("title")
