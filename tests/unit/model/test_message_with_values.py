"""Putting other values into a request changes those values and nothing else."""

from __future__ import annotations

import pytest

from replay.model.body import Body
from replay.model.exchange import Request
from replay.model.headers import Headers
from replay.model.message import request_leaves, with_values
from replay.model.tree import Place, Scalar

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

TARGETS: list[tuple[str, str, dict[Place, Scalar], str]] = [
    ("one segment", "/courses/17/seats", {("path", 2): "42"}, "/courses/42/seats"),
    ("a number becomes digits", "/courses/17", {("path", 2): 42}, "/courses/42"),
    ("a slash is encoded", "/files/x", {("path", 2): "a/b"}, "/files/a%2Fb"),
    ("what would end the path is encoded", "/files/x", {("path", 2): "a?b#c%d e"}, "/files/a%3Fb%23c%25d%20e"),
    ("what a segment may hold stays (RFC 3986 pchar)", "/f/x", {("path", 2): "a:b@c;d=e,f!"}, "/f/a:b@c;d=e,f!"),
    ("other segments keep their own encoding", "/%7euser/x/%2f", {("path", 2): "y"}, "/%7euser/y/%2f"),
    ("a segment that is not there is ignored", "/a", {("path", 9): "b"}, "/a"),
    ("the query stays when the path changes", "/a/1?x=%7e+&y", {("path", 2): "2"}, "/a/2?x=%7e+&y"),
    ("the n-th of a name", "/?a=1&b=2&a=3", {("query", "a", 1): "9"}, "/?a=1&b=2&a=9"),
    ("a value is encoded", "/?a=1", {("query", "a", 0): "x&y=z +é"}, "/?a=x%26y%3Dz%20%2B%C3%A9"),
    ("an encoded name is found and kept", "/?a%5b%5d=1", {("query", "a[]", 0): "2"}, "/?a%5b%5d=2"),
    ("a bare name gets a value", "/?a&b", {("query", "b", 0): "1"}, "/?a&b=1"),
    ("empty pieces stay", "/?&a=1&&b=2&", {("query", "b", 0): "3"}, "/?&a=1&&b=3&"),
    ("an unknown parameter is ignored", "/?a=1", {("query", "z", 0): "3"}, "/?a=1"),
    ("no query, no question mark", "/a", {("query", "z", 0): "3"}, "/a"),
    ("a lone surrogate cannot be encoded and becomes a question mark", "/a/b", {("path", 2): "\ud800"}, "/a/%3F"),
    ("also in a query", "/?a=1", {("query", "a", 0): "\udfff"}, "/?a=%3F"),
    ("JSON's words", "/?a=1&b=2", {("query", "a", 0): True, ("query", "b", 0): None}, "/?a=true&b=null"),
]


@pytest.mark.parametrize(("target", "values", "expected"), [r[1:] for r in TARGETS], ids=[r[0] for r in TARGETS])
def test_other_values_in_a_target(target: str, values: dict[Place, Scalar], expected: str) -> None:
    """The raw text changes at the place alone."""
    assert with_values(Request("GET", target), values).target == expected


Fields = tuple[tuple[str, str], ...]
HEADERS: list[tuple[str, Fields, dict[Place, Scalar], Fields]] = [
    (
        "the n-th field of a name; case and order stay",
        (("X-A", "1"), ("B", "2"), ("x-a", "3")),
        {("header", "x-a", 1): "9"},
        (("X-A", "1"), ("B", "2"), ("x-a", "9")),
    ),
    ("the scheme stays", (("Authorization", "Bearer a"),), {("auth", "bearer"): "b"}, (("Authorization", "Bearer b"),)),
    (
        "another scheme is not touched",
        (("Authorization", "Basic a"),),
        {("auth", "bearer"): "b"},
        (("Authorization", "Basic a"),),
    ),
    ("bare credentials", (("Authorization", "a"),), {("auth", ""): "b"}, (("Authorization", "b"),)),
    ("one cookie of several", (("Cookie", "a=1; b=2"),), {("cookie", "b"): "x=y"}, (("Cookie", "a=1; b=x=y"),)),
    (
        "a cookie in a second field",
        (("Cookie", "a=1"), ("Cookie", "b=2")),
        {("cookie", "b"): "3"},
        (("Cookie", "a=1"), ("Cookie", "b=3")),
    ),
    ("odd crumbs stay", (("Cookie", "a=1;junk; b=2"),), {("cookie", "a"): "3"}, (("Cookie", "a=3; junk; b=2"),)),
    (
        "cookies stay byte for byte when another field changes",
        (("Cookie", "a=1;b= 2"), ("X", "1")),
        {("header", "x", 0): "2"},
        (("Cookie", "a=1;b= 2"), ("X", "2")),
    ),
    (
        "an authorization is no plain header",
        (("Authorization", "Bearer a"),),
        {("header", "authorization", 0): "b"},
        (("Authorization", "Bearer a"),),
    ),
    ("an absent field is not added", (("A", "1"),), {("header", "b", 0): "2"}, (("A", "1"),)),
]


@pytest.mark.parametrize(("fields", "values", "expected"), [r[1:] for r in HEADERS], ids=[r[0] for r in HEADERS])
def test_other_values_in_header_fields(fields: Fields, values: dict[Place, Scalar], expected: Fields) -> None:
    """One field changes; order, case and repetition stay."""
    assert with_values(Request("GET", "/", Headers(fields)), values).headers.fields == expected


BODIES: list[tuple[str, Body, dict[Place, Scalar], bytes]] = [
    ("a number stays a number", Body(b'{"a": 1, "b": 2}', JSON), {("body", "a"): 7}, b'{"a":7,"b":2}'),
    ("text stays text", Body(b'{"a":"1"}', JSON), {("body", "a"): "7"}, b'{"a":"7"}'),
    ("deep inside", Body(b'{"a":[{"b":1},{"b":2}]}', JSON), {("body", "a", 1, "b"): 3}, b'{"a":[{"b":1},{"b":3}]}'),
    ("keys keep their order", Body(b'{"z":1,"a":2}', JSON), {("body", "z"): 3}, b'{"z":3,"a":2}'),
    ("the whole document", Body(b"1", JSON), {("body",): "x"}, b'"x"'),
    (
        "integers beyond 64 bits survive",
        Body(b'{"n":123456789012345678901,"a":1}', JSON),
        {("body", "a"): 2},
        b'{"n":123456789012345678901,"a":2}',
    ),
    (
        "an unknown place does not hinder a known one",
        Body(b'{"a":1}', JSON),
        {("body", "zz"): 0, ("body", "a"): 2},
        b'{"a":2}',
    ),
    ("an index outside is ignored", Body(b'{"a":[1]}', JSON), {("body", "a", 5): 0}, b'{"a":[1]}'),
    ("a broken document stays", Body(b'{"a":', JSON), {("body", "a"): 2}, b'{"a":'),
    ("another type stays", Body(b'{"a":1}', "text/plain"), {("body", "a"): 2}, b'{"a":1}'),
    ("a form field", Body(b"a=1&b=%7e&a=2", FORM), {("form", "a", 1): "x y"}, b"a=1&b=%7e&a=x%20y"),
    ("bytes that are not UTF-8 stay", Body(b"a=\xff&b=1", FORM), {("form", "b", 0): "2"}, b"a=\xff&b=2"),
    ("form places mean nothing in JSON", Body(b'{"a":1}', JSON), {("form", "a", 0): "2"}, b'{"a":1}'),
]


@pytest.mark.parametrize(("body", "values", "expected"), [r[1:] for r in BODIES], ids=[r[0] for r in BODIES])
def test_other_values_in_a_body(body: Body, values: dict[Place, Scalar], expected: bytes) -> None:
    """The document changes at the place alone, and keeps its declared type."""
    changed = with_values(Request("POST", "/", Headers(), body), values).body
    assert changed.data == expected
    assert changed.content_type == body.content_type


@pytest.mark.parametrize("media", [FORM, JSON])
def test_a_cut_body_is_never_rewritten(media: str) -> None:
    """A cut body stays cut: it must not pass for a whole one of another length."""
    body = Body(b"a=1", media, True, 4_000)
    values: dict[Place, Scalar] = {("form", "a", 0): "2", ("body", "a"): 2}
    assert with_values(Request("POST", "/", Headers(), body), values).body is body


def test_no_values_change_nothing() -> None:
    """The very same request comes back."""
    request = Request("GET", "/a?b=1")
    assert with_values(request, {}) is request


def test_what_is_no_place_stays() -> None:
    """Method, scheme and host are not values of a client."""
    request = Request("PUT", "/a/1", Headers((("Host", "h"),)), Body(b"x", "text/plain"), "https", "h:8443")
    changed = with_values(request, {("path", 2): "2"})
    assert (changed.method, changed.scheme, changed.host, changed.body, changed.headers) == (
        "PUT",
        "https",
        "h:8443",
        request.body,
        request.headers,
    )


def test_every_place_at_once() -> None:
    """One call replaces values of every kind of place."""
    request = Request(
        "POST",
        "/t/1?q=a",
        Headers((("X-Tenant", "1"), ("Authorization", "Bearer a"), ("Cookie", "s=1"))),
        Body(b'{"id":1,"name":"n"}', JSON),
    )
    wanted: dict[Place, Scalar] = {
        ("path", 1): "t",
        ("path", 2): "2",
        ("query", "q", 0): "b",
        ("header", "x-tenant", 0): "2",
        ("auth", "bearer"): "b",
        ("cookie", "s"): "2",
        ("body", "id"): 2,
        ("body", "name"): "m",
    }
    assert dict(request_leaves(with_values(request, wanted))) == wanted
