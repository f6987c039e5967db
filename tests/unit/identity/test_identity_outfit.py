"""Requests that wear other credentials: what comes off, what goes on, and what stays as it was sent."""

import pytest

from make import request
from replay.identity.outfit import Outfit, Pattern, dressed, has_fields, is_bound, stripped, with_fields
from replay.identity.places import credentials_in, schemes_of
from replay.identity.template import Template

ALL = frozenset({"bearer", "basic", "api-key", "cookie", "authorization"})


def put_on(recorded, outfit, live=None, schemes=ALL, prefer=False):
    return dressed(live or recorded, recorded, outfit, schemes, prefer=prefer)


@pytest.mark.parametrize(
    ("fields", "target", "schemes"),
    [
        ({"Authorization": "Bearer abc"}, "/x", {"bearer"}),
        ({"Authorization": "basic YTpi"}, "/x", {"basic"}),
        ({"Authorization": "abc"}, "/x", {"authorization"}),
        ({"X-Api-Key": "k"}, "/x", {"api-key"}),
        ({"X-Auth-Token": "k"}, "/x", {"api-key"}),
        ({}, "/x?api_key=k&page=2", {"api-key"}),
        ({"Cookie": "JSESSIONID=1; theme=dark"}, "/x", {"cookie"}),
        ({"Cookie": "_ga=GA1.2.123456789.1; csrftoken=abcdefabcdef123456"}, "/x", set()),
        ({"X-Tenant-Id": "acme", "Accept": "*/*", "X-Request-Id": "1"}, "/x?page=2", set()),
        ({}, "/x", set()),
    ],
)
def test_where_a_request_carries_credentials(fields, target, schemes):
    assert schemes_of(request("GET", target, headers=fields)) == schemes


def test_a_header_is_replaced_in_its_place():
    recorded = request("GET", "/x", headers=[("Accept", "a"), ("authorization", "Bearer OLD"), ("X-B", "b")])
    worn = put_on(recorded, Outfit(headers=(("Authorization", "Bearer new"),)))
    assert worn.headers.fields == (("Accept", "a"), ("authorization", "Bearer new"), ("X-B", "b"))


def test_another_kind_of_credentials_stands_where_the_recorded_one_stood():
    """A session cookie comes off, other cookies stay; a key takes the place of a bearer token."""
    recorded = request("GET", "/x", headers={"Cookie": "theme=dark; sid=OLD", "Accept": "a"})
    worn = put_on(recorded, Outfit(headers=(("Authorization", "Bearer new"),)))
    assert worn.headers.fields == (("Cookie", "theme=dark"), ("Accept", "a"), ("Authorization", "Bearer new"))
    bearer = request("GET", "/x", headers=[("Authorization", "Bearer OLD"), ("Accept", "a")])
    assert put_on(bearer, Outfit(headers=(("X-Api-Key", "k"),))).headers.fields == (("X-Api-Key", "k"), ("Accept", "a"))
    assert put_on(bearer, Outfit(cookies=(("sid", "c"),))).headers.fields == (("Accept", "a"), ("Cookie", "sid=c"))


def test_cookies_and_parameters_are_replaced_by_name():
    recorded = request("GET", "/x?a=1&api_key=OLD&b=%20", headers={"Cookie": "a=1; sid=OLD; b=2"})
    worn = put_on(recorded, Outfit(cookies=(("sid", "new"),), query=(("api_key", "n/w"),)))
    assert worn.headers.get("cookie") == "a=1; sid=new; b=2"
    assert worn.target == "/x?a=1&api_key=n%2Fw&b=%20"
    assert put_on(request("GET", "/x?api_key=OLD"), Outfit(headers=(("X-Api-Key", "k"),))).target == "/x"


def test_what_a_recorded_login_gave_stays():
    """A value that differs from the recorded one was bound; a preferred identity replaces it all the same."""
    recorded = request("GET", "/x", headers={"Authorization": "Bearer OLD", "Cookie": "sid=OLD"})
    live = request("GET", "/x", headers={"Authorization": "Bearer BOUND", "Cookie": "sid=OLD"})
    outfit = Outfit(headers=(("Authorization", "Bearer new"),), cookies=(("sid", "new"),))
    half = put_on(recorded, outfit, live)
    assert (half.headers.get("authorization"), half.headers.get("cookie")) == ("Bearer BOUND", "sid=new")
    assert put_on(recorded, outfit, live, prefer=True).headers.get("authorization") == "Bearer new"
    assert not is_bound(live, recorded)
    assert is_bound(request("GET", "/x", headers={"Authorization": "Bearer BOUND"}), recorded)
    assert not is_bound(request("GET", "/x"), recorded), "nothing to be bound"


def test_only_the_schemes_that_are_its_own_come_off():
    recorded = request("GET", "/x", headers={"Authorization": "Bearer OLD", "X-Api-Key": "OLD"})
    worn = put_on(recorded, Outfit(headers=(("X-Api-Key", "new"),)), schemes=frozenset({"api-key"}))
    assert (worn.headers.get("authorization"), worn.headers.get("x-api-key")) == ("Bearer OLD", "new")


def test_a_token_with_a_live_twin_is_replaced_wherever_it_stands():
    """A JWT in a cookie stays in the cookie; nothing else is touched."""
    recorded = request("GET", "/x", headers={"Cookie": "theme=dark; token=JWT; sid=other"})
    worn = put_on(recorded, Outfit(tokens={"JWT": "LIVE"}))
    assert worn.headers.fields == (("Cookie", "theme=dark; token=LIVE; sid=other"),)


def test_fields_of_a_body_are_replaced_where_they_are():
    fields = (("auth.token", "new"), ("pin", "1"))
    assert with_fields(request("POST", "/x", json={"auth": {"token": "OLD"}, "n": 1}), fields).body.data == (
        b'{"auth":{"token":"new"},"n":1}'
    )
    assert with_fields(request("POST", "/x", form={"pin": "OLD", "a": "b"}), fields).body.data == b"pin=1&a=b"
    assert has_fields(request("POST", "/x", json={"pin": 1}), ["pin"])
    assert not has_fields(request("POST", "/x", json={"pin": 1}), ["pin", "user"])


PATTERN = Pattern(
    headers=(("X-Acme-Key", Template.name("k")),),
    query=(("k", Template.name("k")),),
    cookies=(("c", Template.name("k")),),
    fields=(("f", Template.name("k")),),
)


@pytest.mark.parametrize(
    ("asked", "marked"),
    [
        (request("GET", "/x", headers={"x-acme-key": "1"}), True),
        (request("GET", "/x?k=1"), True),
        (request("GET", "/x", headers={"Cookie": "c=1"}), True),
        (request("POST", "/x", json={"f": 1}), True),
        (request("GET", "/x?kk=1", headers={"Cookie": "cc=1", "X-Acme": "1"}), False),
    ],
)
def test_places_that_an_identity_names_mark_a_request_as_somebodys(asked, marked):
    assert PATTERN.marks(asked) is marked


def test_a_request_as_nobody_loses_what_the_identity_names():
    bare = stripped(request("GET", "/x?k=1&a=2", headers={"X-Acme-Key": "1", "Cookie": "c=1; d=2"}), PATTERN)
    assert (bare.target, bare.headers.fields) == ("/x?a=2", (("Cookie", "d=2"),))


def test_credentials_are_not_shown():
    (found,) = credentials_in(request("GET", "/x", headers={"Authorization": "Bearer a-live-secret"}))
    assert "a-live-secret" not in repr((found, PATTERN, Outfit(headers=(("A", "a-live-secret"),))))
