"""Endpoint templates: rather split too much than merge too much."""

from __future__ import annotations

import pytest

from replay.model.endpoint import collection_before, endpoint_of, is_id_like, singular, template

SEGMENTS: list[tuple[str, bool, str]] = [
    ("17", True, "an integer"),
    ("-1", True, "a signed integer"),
    ("20240131", True, "a compact date"),
    ("2024-01-31", True, "a date"),
    ("6f1f7b0e-8a3c-4b6e-9f5d-0c2a1b3d4e5f", True, "a UUID"),
    ("6F1F7B0E8A3C4B6E9F5D0C2A1B3D4E5F", True, "a UUID without dashes"),
    ("deadbeef01", True, "hex with a digit"),
    ("507f1f77bcf86cd799439011", True, "an ObjectId"),
    ("cus_9s6XKzkNRiz8i3", True, "a prefixed id"),
    ("inv-2024", True, "a short prefixed id"),
    ("01ARZ3NDEKTSV4RRFFQ69G5FAV", True, "a ULID"),
    ("ada@example.com", True, "an e-mail"),
    ("", False, "nothing"),
    ("courses", False, "a word"),
    ("deadbeef", False, "hex letters alone may be a word"),
    ("v1", False, "a version"),
    ("V2.1", False, "a version with a minor part"),
    ("v2024", False, "a word with digits, too short for a token"),
    ("me", False, "a word that names the caller"),
    ("@me", False, "a handle of the interface, not an e-mail"),
    ("oauth2", False, "a word with a digit"),
    ("free-text-search", False, "a long word without a digit"),
    ("*", False, "asterisk form"),
    ("{id}", False, "a template already"),
]


@pytest.mark.parametrize(("segment", "expected", "remark"), SEGMENTS, ids=[row[2] for row in SEGMENTS])
def test_what_names_one_thing(segment: str, expected: bool, remark: str) -> None:
    """A segment is an id only when its own shape says so."""
    assert is_id_like(segment) is expected, remark


PATHS: list[tuple[str, str, str]] = [
    ("/courses/17", "/courses/{id}", "an id"),
    ("/courses/17/enrolments/4?full=1", "/courses/{id}/enrolments/{id}", "the query is not part of it"),
    ("/courses/", "/courses/", "a trailing slash is another endpoint"),
    ("/v1/courses", "/v1/courses", "a version stays"),
    ("/a//b", "/a//b", "empty segments stay"),
    ("/users/ada%40example.com", "/users/{id}", "decoded before it is looked at"),
    ("/caf%C3%A9", "/café", "decoded text"),
    ("/files/a%2Fb", "/files/a%2Fb", "an encoded slash does not split a segment"),
    ("/", "/", "root"),
    ("", "", "nothing"),
    ("*", "*", "asterisk form"),
    ("/courses/{id}", "/courses/{id}", "a template is its own template"),
]


@pytest.mark.parametrize(("path", "expected", "remark"), PATHS, ids=[row[2] for row in PATHS])
def test_the_template_of_a_path(path: str, expected: str, remark: str) -> None:
    """Ids are written {id}; all else stays."""
    assert template(path) == expected, remark


def test_an_endpoint_is_a_method_and_a_template() -> None:
    """Two requests for two courses are one endpoint; two methods are two."""
    assert endpoint_of("GET", "/courses/17?x=1") == endpoint_of("GET", "/courses/42") == "GET /courses/{id}"
    assert endpoint_of("DELETE", "/courses/42") == "DELETE /courses/{id}"


COLLECTIONS: list[tuple[str, int, str, str]] = [
    ("/courses/17", 2, "courses", "the word before"),
    ("/Courses/17", 2, "courses", "lower case"),
    ("/tenants/5/courses/17", 4, "courses", "the nearest word"),
    ("/courses/17/42", 3, "courses", "one id between is passed over"),
    ("/courses/1/2/3", 4, "", "two ids between are too far"),
    ("/17", 1, "", "no word before"),
    ("/caf%C3%A9s/17", 2, "cafés", "decoded"),
]


@pytest.mark.parametrize(("path", "index", "expected", "remark"), COLLECTIONS, ids=[row[3] for row in COLLECTIONS])
def test_the_collection_of_an_id(path: str, index: int, expected: str, remark: str) -> None:
    """The literal segment that says what an id is an id of."""
    assert collection_before(path, index) == expected, remark


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("courses", "course"),
        ("Invoices", "invoice"),
        ("companies", "company"),
        ("addresses", "address"),
        ("boxes", "box"),
        ("branches", "branch"),
        ("address", "address"),
        ("bus", "bus"),
        ("ties", "tie"),
        ("file-notes", "file_note"),
        ("course", "course"),
    ],
)
def test_singular(noun: str, expected: str) -> None:
    """Enough English to see that `courses` and `course_id` speak of one thing."""
    assert singular(noun) == expected


@pytest.mark.parametrize(
    ("path", "wanted", "remark"),
    [
        ("/o/acme/parcels", "/o/{id}/parcels", "a tenant's slug is no word of the route"),
        ("/api/orgs/acme-gmbh/users/7", "/api/orgs/{id}/users/{id}", "wherever the collection stands"),
        ("/orgs/search", "/orgs/search", "nothing below it: may be a word"),
        ("/orgs/settings/billing", "/orgs/settings/billing", "a word of the route"),
        ("/users/me/orders", "/users/me/orders", "no collection of tenants"),
    ],
)
def test_a_tenants_slug_is_an_id(path: str, wanted: str, remark: str) -> None:
    """Otherwise there would be one endpoint per tenant, and its name would depend on the redaction key."""
    assert template(path) == wanted, remark
