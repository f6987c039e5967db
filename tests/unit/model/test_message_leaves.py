"""What a message says, leaf by leaf."""

from __future__ import annotations

import pytest

from replay.model.body import EMPTY, Body
from replay.model.codec import UndecodableError
from replay.model.exchange import Request, Response
from replay.model.headers import Headers
from replay.model.message import body_tree, request_leaves, response_leaves, response_value, text_of
from replay.model.tree import Place, Scalar

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def request(target: str = "/", fields: tuple[tuple[str, str], ...] = (), body: Body = EMPTY) -> Request:
    return Request("POST", target, Headers(fields), body)


REQUESTS: list[tuple[str, Request, dict[Place, Scalar]]] = [
    ("empty path segments name nothing", request("//a//b/"), {("path", 2): "a", ("path", 4): "b"}),
    ("root has no leaf", request("/"), {}),
    ("asterisk form (RFC 9112 section 3.2.4)", request("*"), {("path", 0): "*"}),
    ("an empty target has no leaf", request(""), {}),
    ("segments are percent-decoded", request("/a%20b/%C3%A9"), {("path", 1): "a b", ("path", 2): "é"}),
    ("an encoded slash stays inside its segment", request("/a%2Fb"), {("path", 1): "a/b"}),
    ("a plus in a path is a plus", request("/a+b"), {("path", 1): "a+b"}),
    ("bytes that are not UTF-8 become the replacement mark", request("/%FF"), {("path", 1): "\ufffd"}),
    (
        "raw bytes that are not UTF-8, too",
        request("/\udcff?\udcfe=\udcfd"),
        {("path", 1): "\ufffd", ("query", "\ufffd", 0): "\ufffd"},
    ),
    ("a stray percent sign stays", request("/100%/x"), {("path", 1): "100%", ("path", 2): "x"}),
    ("path parameters belong to their segment", request("/a;v=1"), {("path", 1): "a;v=1"}),
    ("repeated parameters are counted", request("/?a=1&a=2"), {("query", "a", 0): "1", ("query", "a", 1): "2"}),
    ("a plus in a query is a space", request("/?q=a+b%2B"), {("query", "q", 0): "a b+"}),
    ("names are decoded", request("/?a%5B%5D=1"), {("query", "a[]", 0): "1"}),
    ("a parameter without a value is empty", request("/?a&b="), {("query", "a", 0): "", ("query", "b", 0): ""}),
    ("a second question mark is data", request("/?a=b?c=d"), {("query", "a", 0): "b?c=d"}),
    ("an equals sign in a value is data", request("/?a=b=c"), {("query", "a", 0): "b=c"}),
    ("empty pieces are skipped", request("/?&&a=1&"), {("query", "a", 0): "1"}),
    ("a semicolon does not separate", request("/?a=1;b=2"), {("query", "a", 0): "1;b=2"}),
    (
        "headers are counted by name, whatever their case",
        request("/", (("X-A", "1"), ("x-a", "2"))),
        {("header", "x-a", 0): "1", ("header", "x-a", 1): "2"},
    ),
    (
        "credentials stand behind their scheme",
        request("/", (("Authorization", "Bearer t"),)),
        {("auth", "bearer"): "t"},
    ),
    ("a scheme may be missing", request("/", (("Authorization", "t"),)), {("auth", ""): "t"}),
    ("an empty authorization has no leaf", request("/", (("Authorization", " "),)), {}),
    (
        "cookies, one leaf each; the first of a name counts",
        request("/", (("Cookie", "a=1; b=2;a=3"), ("cookie", "c=x=y; junk; =z"))),
        {("cookie", "a"): "1", ("cookie", "b"): "2", ("cookie", "c"): "x=y"},
    ),
    (
        "a form, its type with parameters and odd case",
        request("/", (), Body(b"a=1&a=%C3%A9&b=x+y", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")),
        {("form", "a", 0): "1", ("form", "a", 1): "é", ("form", "b", 0): "x y"},
    ),
    ("a cut form is not read", request("/", (), Body(b"a=1", FORM, True, 99)), {}),
    (
        "JSON leaves keep their type",
        request("/", (), Body(b'{"a":[1,{"b":null}],"c":true,"d":1.5,"e":"1"}', JSON)),
        {
            ("body", "a", 0): 1,
            ("body", "a", 1, "b"): None,
            ("body", "c"): True,
            ("body", "d"): 1.5,
            ("body", "e"): "1",
        },
    ),
    ("a JSON scalar is a leaf itself", request("/", (), Body(b'"x"', "application/problem+json")), {("body",): "x"}),
    ("a cut document is not read", request("/", (), Body(b'{"a":1}', JSON, True, 99)), {}),
    ("a broken document is not read", request("/", (), Body(b'{"a":', JSON)), {}),
    ("text is not JSON, whatever it looks like", request("/", (), Body(b'{"a":1}', "text/plain")), {}),
    ("empty containers have no leaf", request("/", (), Body(b'{"a":[],"b":{}}', JSON)), {}),
]


@pytest.mark.parametrize(("message", "expected"), [row[1:] for row in REQUESTS], ids=[row[0] for row in REQUESTS])
def test_every_value_of_a_request_has_a_place(message: Request, expected: dict[Place, Scalar]) -> None:
    """Each value is found once, at the place that the module's table names."""
    found = list(request_leaves(message))
    assert dict(found) == expected
    assert len(found) == len(expected)
    assert [type(value) for _, value in found] == [type(expected[place]) for place, _ in found]


def test_request_leaves_come_in_the_order_of_the_wire() -> None:
    """Path, query, headers, credentials, cookies, body."""
    message = request("/a?q=1", (("Cookie", "c=1"), ("X-A", "1"), ("Authorization", "Basic z")), Body(b'{"k":1}', JSON))
    assert [place[0] for place, _ in request_leaves(message)] == ["path", "query", "header", "auth", "cookie", "body"]


def response(fields: tuple[tuple[str, str], ...] = (), body: Body = EMPTY) -> Response:
    return Response(200, Headers(fields), body)


RESPONSES: list[tuple[str, Response, dict[Place, Scalar]]] = [
    ("no field, no leaf", response(), {}),
    ("a relative Location", response((("Location", "/a/7?x=1#f"),)), {("location", 1): "a", ("location", 2): "7"}),
    (
        "an absolute Location counts from its path",
        response((("Location", "https://h:1/a/%37"),)),
        {("location", 1): "a", ("location", 2): "7"},
    ),
    ("a Location without authority", response((("Location", "//h/a"),)), {("location", 1): "a"}),
    ("a Location without a path", response((("Location", "http://h"),)), {}),
    ("a Location with an impossible host", response((("Location", "http://[::1/a"),)), {("location", 1): "a"}),
    ("an empty Location", response((("Location", ""),)), {}),
    (
        "Set-Cookie gives the value alone",
        response((("Set-Cookie", "sid = abc ; Path=/; HttpOnly"), ("set-cookie", "b="))),
        {("set-cookie", "sid"): "abc", ("set-cookie", "b"): ""},
    ),
    ("a Set-Cookie without a pair is no cookie", response((("Set-Cookie", "junk; Path=/"),)), {}),
    (
        "other fields and a JSON body",
        response((("ETag", '"1"'), ("Content-Type", JSON)), Body(b'{"id":9}', JSON)),
        {("header", "etag", 0): '"1"', ("header", "content-type", 0): JSON, ("body", "id"): 9},
    ),
]


@pytest.mark.parametrize(("message", "expected"), [row[1:] for row in RESPONSES], ids=[row[0] for row in RESPONSES])
def test_every_value_of_a_response_has_a_place(message: Response, expected: dict[Place, Scalar]) -> None:
    """Each value is found once; a malformed field is never an exception."""
    found = list(response_leaves(message))
    assert dict(found) == expected
    assert len(found) == len(expected)


def test_a_response_is_asked_for_one_value() -> None:
    """The value at a place, or KeyError that names no value."""
    message = response((("Location", "/a/7"),), Body(b'{"id":9}', JSON))
    assert response_value(message, ("body", "id")) == 9
    assert response_value(message, ("location", 2)) == "7"
    with pytest.raises(KeyError, match="no such place"):
        response_value(message, ("body", "name"))


@pytest.mark.parametrize(
    ("body", "remark"),
    [
        (Body(), "empty"),
        (Body(b"", JSON), "declared, but empty"),
        (Body(b"{}", ""), "no type"),
        (Body(b"{}", JSON, True, 10), "cut"),
        (Body(b"{", JSON), "broken"),
    ],
)
def test_a_body_without_a_document_says_so(body: Body, remark: str) -> None:
    """UndecodableError, whatever the reason, and no byte of the body in it."""
    with pytest.raises(UndecodableError) as caught:
        body_tree(body)
    assert str(caught.value) in {"no JSON document", "not JSON"}, remark


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (False, "false"), (0, "0"), (-7, "-7"), (1.5, "1.5"), ("é", "é"), ("", "")],
)
def test_a_leaf_as_text(value: Scalar, text: str) -> None:
    """JSON's words for what is not text."""
    assert text_of(value) == text
