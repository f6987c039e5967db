"""Which exchanges may be repeated, which carry credentials, and which name somebody's data."""

from __future__ import annotations

import pytest

from make import bearer, exchange, request, session
from replay.mutate.sites import is_authenticated, is_sign_in, names_resource, repeatable

REPEATABLE = [
    ("POST", "/courses", 201, True, "a create"),
    ("PATCH", "/notes/17", 200, True, "a change"),
    ("DELETE", "/notes/17", 204, True, "a delete"),
    ("POST", "/orders", 303, True, "see other: a form that worked"),
    ("GET", "/courses", 200, False, "safe methods ask for no change"),
    ("POST", "/courses", 422, False, "it never worked"),
    ("POST", "/login", 200, False, "every login rightly makes a session"),
    ("POST", "/api/training-sessions", 201, True, "sessions that people attend"),
]


@pytest.mark.parametrize(("method", "target", "status", "expected", "remark"), REPEATABLE)
def test_what_may_be_repeated(method: str, target: str, status: int, expected: bool, remark: str) -> None:
    """Only a request that worked, asks for a change and is not about credentials."""
    sites = list(repeatable(session("s", exchange("x", method, target, status))))
    assert bool(sites) is expected, remark


def test_a_cut_body_is_no_site() -> None:
    """What was not recorded whole cannot be sent again."""
    from replay.model.body import Body

    cut = Body(b'{"a":1', "application/json", truncated=True, size_bytes=99)
    assert not list(repeatable(session("s", exchange("x", "POST", "/courses", 201, body=cut))))


SIGN_IN = [
    ("/login", True, ""),
    ("/api/v1/users/sign_in", True, "rails"),
    ("/auth/signOut", True, "camel case"),
    ("/oauth2/authorize", True, ""),
    ("/api/token", True, ""),
    ("/api/refresh-token", True, ""),
    ("/auth/access-tokens", True, ""),
    ("/sessions/17", True, "a session resource"),
    ("/api/session", True, ""),
    ("/training-sessions/17", False, "courses"),
    ("/token-sales", False, "goods"),
    ("/blog/logins-explained", False, "another word"),
    ("/authors/17", False, "not auth"),
]


@pytest.mark.parametrize(("path", "expected", "remark"), SIGN_IN)
def test_paths_about_credentials(path: str, expected: bool, remark: str) -> None:
    assert is_sign_in(path) is expected, remark


CREDENTIALS = [
    ({"Authorization": "Bearer t"}, True, "bearer"),
    ({"X-Api-Key": "k"}, True, "API key"),
    ({"X-Auth-Token": "k"}, True, "token header"),
    ({"Cookie": "sessionid=abc"}, True, "a session by its name"),
    ({"Cookie": "SRV=4f1c2d3e4a5b6c7d8e9f"}, True, "a session by its value"),
    ({"Cookie": "theme=dark; csrftoken=4f1c2d3e4a5b6c7d8e9f"}, False, "preferences and form guards"),
    ({"Cookie": "_ga=GA1.2.1234567890.1234567890"}, False, "analytics"),
    ({"X-Request-Id": "4f1c2d3e"}, False, "tracing"),
    ({}, False, "nothing"),
]


@pytest.mark.parametrize(("headers", "expected", "remark"), CREDENTIALS)
def test_who_carries_credentials(headers: dict[str, str], expected: bool, remark: str) -> None:
    assert is_authenticated(request("GET", "/", headers=headers)) is expected, remark


RESOURCES = [
    (request("GET", "/notes/17"), True, "an id in the path"),
    (request("GET", "/notes"), False, "a plain list"),
    (request("GET", "/notes?course_id=17"), True, "an id in the query"),
    (request("GET", "/notes?page=17"), False, "a page is no resource"),
    (request("GET", "/notes?course_id="), False, "no value"),
    (request("POST", "/notes", json={"courseId": 17}), True, "an id in the body"),
    (request("POST", "/notes", json={"items": [{"order_id": "x"}]}), True, "deeper in the body"),
    (request("POST", "/notes", json={"request_id": "4f1c2d3e", "text": "hi"}), False, "a tracing id"),
    (request("POST", "/notes", json={"paid": True, "grid": "x"}), False, "words that end in id"),
    (request("POST", "/notes", form={"note_id": "17"}), True, "a form"),
    (request("GET", "/t/acme/notes"), True, "the tenant in the path"),
    (request("GET", "/notes", headers={"X-Tenant-Id": "acme"}), True, "the tenant in a header"),
]


@pytest.mark.parametrize(("asked", "expected", "remark"), RESOURCES)
def test_who_names_a_resource(asked: object, expected: bool, remark: str) -> None:
    """Only a request that says whose data it wants can be sent by the wrong tenant."""
    assert names_resource(asked, "acme") is expected, remark


def test_bearer_of_the_builder_counts() -> None:
    assert is_authenticated(request("GET", "/", headers=bearer("t-1")))
