"""What replay needs stays: routes, words of closed lists, numbers, times, names of fields."""

from __future__ import annotations

import json

import pytest

from replay.model.endpoint import endpoint_of
from replay.model.exchange import Exchange
from replay.model.message import body_tree
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from unit.redact.canary_cases import FORM, exchange

POLICY = Policy(Pseudonym(bytes(range(32))))


def redacted(planted: Exchange) -> Exchange:
    return POLICY.redact(planted).exchange


@pytest.mark.parametrize(
    ("remark", "target"),
    [
        ("route words and an integer", "/api/v1/courses/17/enrolments"),
        ("well-known", "/.well-known/openid-configuration"),
        ("paging and sorting", "/courses?page=2&per_page=50&sort=-created_at&order=desc"),
        ("enum", "/orders?status=in_progress&lang=en"),
        ("flag without value", "/orders?debug"),
        ("literals", "/orders?paid=true&note=null&x="),
        ("date range", "/orders?from=2026-01-01&to=2026-11-20T22:23:57Z"),
        ("verb after a people collection", "/users/me/settings"),
        ("search below users", "/users/search"),
        ("integer below users", "/users/42/orders"),
        ("snake and camel words", "/order_items/getSummary"),
        ("one digit and an extension", "/oauth2/token.json"),
        ("custom verb", "/courses:batchGet"),
        ("encoding of what stays is kept", "/orders?from=2026-01-01T10%3A00%3A00Z"),
        ("server-wide", "*"),
    ],
)
def test_targets_that_stay(remark, target):
    """A route is not data."""
    assert redacted(exchange(target)).request.target == target


@pytest.mark.parametrize(
    ("remark", "name", "value"),
    [
        ("status", "status", "in_progress"),
        ("suffix of an enum name", "paymentStatus", "PAID"),
        ("role", "role", "manager"),
        ("roles in a list", "roles", ["admin", "student"]),
        ("currency", "currency", "SEK"),
        ("locale", "locale", "sv-SE"),
        ("token type", "token_type", "Bearer"),
        ("integer", "id", 17),
        ("integer as text", "id", "17"),
        ("float", "total", 12.5),
        ("negative", "balance", -3),
        ("amount of eight digits", "total", 99_999_999),
        ("epoch seconds", "exp", 1_800_000_000),
        ("epoch milliseconds, whatever Luhn says", "at", 1763677437004),
        ("boolean and null", "flags", [True, False, None]),
        ("date", "day", "2026-11-20"),
        ("date-time", "created_at", "2026-11-20T22:23:57.123456+01:00"),
        ("HTTP date", "expires", "Fri, 20 Nov 2026 22:23:57 GMT"),
        ("duration", "length", "PT45M"),
        ("clock", "opens", "09:30"),
        ("empty", "note", ""),
        ("literal", "note", "undefined"),
        ("relative URL", "next", "/api/courses?page=3"),
        ("error code", "error", {"code": "not_found", "status": 404}),
        ("OAuth error", "error", "invalid_grant"),
        ("names a programmer writes", "addressLine1", {"line_2": None, "sha256": 1, "isV2": True, "$ref": 3, "@id": 4}),
    ],
)
def test_json_that_stays(remark, name, value):
    """Numbers, times, closed words and field names."""
    document = {name: value}
    assert body_tree(redacted(exchange(body=document)).request.body) == document


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Accept", "text/html, application/json;q=0.9, */*;q=0.8"),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("Cache-Control", "no-cache, max-age=0"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Date", "Fri, 20 Nov 2026 22:23:57 GMT"),
        ("Range", "bytes=0-499"),
        ("Retry-After", "30"),
        ("X-RateLimit-Remaining", "99"),
        ("User-Agent", "python-requests/2.31.0"),
        ("Access-Control-Allow-Origin", "*"),
        ("WWW-Authenticate", "Bearer"),
        ("Connection", "keep-alive"),
    ],
)
def test_headers_that_stay(name, value):
    """The listed fields, while they hold plain words."""
    planted = exchange(headers={name: value}, answer_headers={name: value})
    kept = redacted(planted)
    assert kept.request.headers.get(name) == value
    assert kept.response is not None
    assert kept.response.headers.get(name) == value


def test_a_form_keeps_its_names_and_numbers():
    """Fields in order, repetition kept."""
    text = "page=2&id=17&id=18&status=open&filter%5Brole%5D=admin"
    assert redacted(exchange(body=text, content_type=FORM)).request.body.data.decode() == text


def test_a_set_cookie_keeps_its_known_attributes():
    """A client must treat the cookie as before."""
    field = "lang=en; Path=/api; Max-Age=3600; Expires=Fri, 20 Nov 2026 22:23:57 GMT; Secure; HttpOnly; SameSite=Lax"
    kept = redacted(exchange(answer_headers={"Set-Cookie": field})).response
    assert kept is not None
    assert kept.headers.get("set-cookie") == field


def test_nothing_false_is_said_about_the_body():
    """Length is that of the new body; digests are gone. A request's coding is for replay, which packs the new body."""
    given = {"Content-Length": "9", "Content-Encoding": "gzip", "Transfer-Encoding": "chunked", "Digest": "sha-256=x"}
    kept = redacted(exchange(headers=given, body={"name": "Jane"})).request
    assert kept.headers.fields == (("Content-Length", str(len(kept.body.data))), ("Content-Encoding", "gzip"))
    odd = redacted(exchange(headers=given | {"Content-Encoding": "gzip, jane"}, body={"name": "Jane"})).request
    assert kept.headers.without("content-encoding") == odd.headers, "nothing but the names of codings"


def test_ids_keep_their_endpoint():
    """An id's stand-in is an id, so requests to one endpoint stay requests to one endpoint."""
    for segment in (
        "17",
        "ten_3f9a2b7c",
        "9f86d081884c7d65",
        "a@b.test",
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "tOk3n4567890ab",
    ):
        fields = POLICY.redact(exchange(f"/courses/{segment}", body={"name": "Jane"})).fields
        assert {field.endpoint for field in fields} == {endpoint_of("POST", "/courses/17")}


def test_the_port_stays_and_hosts_join():
    """Host header, authority and URLs to it have one stand-in; loopback is no exception."""
    planted = exchange(host="localhost:8080", headers={"Host": "localhost:8080", "Origin": "http://localhost:8080"})
    kept = redacted(planted).request
    assert kept.host == kept.headers.get("host") == kept.headers.get("origin").removeprefix("http://")
    assert kept.host.endswith(".example:8080")


def test_a_document_keeps_its_order_and_shape():
    """Keys, their order, list lengths, types."""
    document = {"b": [{"x": "Jane", "y": 1}, {"x": "Joe", "y": None}], "a": {"z": True}}
    kept = json.loads(redacted(exchange(body=document)).request.body.data)
    assert list(kept) == ["b", "a"]
    assert [(type(item["x"]), item["y"]) for item in kept["b"]] == [(str, 1), (str, None)]
