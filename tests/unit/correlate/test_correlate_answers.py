"""What answers give: links by relation, pages, XML, text, and the same places read again from a live answer."""

from __future__ import annotations

import pytest

from make import response
from replay.correlate.answers import given, values_at
from replay.model.body import Body
from replay.model.exchange import Response
from replay.model.tree import Place, Scalar

PAGE = (
    b"<html><head><meta content='m1' name=csrf-token></head><!-- <input type=hidden name=no value=x> -->"
    b'<form action="/orders/17?step=2"><input value="h&amp;1" type="hidden" name="_csrf"><input name=q value="a b">'
    b'<select name="branch"><option value="b1">B</option><option value="b2">C</option></select></form>'
    b'<a href="/orders/18">x</a><a href="/orders/19">y</a><div data-key="d1"></div></html>'
)
LINK = '</i?after=zz>; rel="last", </i?after=aa>; rel="next"; title="x"'


def page(body: bytes, media: str = "text/html") -> Response:
    return response(body=Body(body, media))


GIVES: list[tuple[str, Response, dict[Place, Scalar]]] = [
    ("links of a header by relation", response(headers={"Link": LINK}), {
        ("header", "link", 0): LINK, ("link", 1, "header", "link", 0): "i",
        ("link", "after", "header", "link", 0): "aa", ("link", 1, "header", "link", 0, "last"): "i",
        ("link", "after", "header", "link", 0, "last"): "zz"}),
    ("Location", response(201, headers={"Location": "http://h.test/orders/17?k=1"}), {
        ("location",): "http://h.test/orders/17?k=1",
        ("location", 1): "orders", ("location", 2): "17", ("link", "k", "location"): "1"}),
    ("XML", page(b"<e><id>17</id><r t='x1'/><id>18</id></e>", "text/xml"), {
        ("xml", "e", "id"): "17", ("xml", "e", "r", "@t"): "x1", ("xml", "e", "id", 1): "18"}),
    ("text", page(b"order-17", "text/plain"), {("text",): "order-17", ("text", "(part)", 1): "17"}),
    ("JSON in JSON", response(answer={"s": '{"id": 17}'}), {
        ("body", "s"): '{"id": 17}', ("body", "s", "(json)", "id"): 17}),
    ("a cookie that holds two values", response(headers={"Set-Cookie": "s=u7:x9; Path=/"}), {
        ("set-cookie", "s"): "u7:x9", ("set-cookie", "s", "(part)", 0): "u7", ("set-cookie", "s", "(part)", 1): "x9"}),
]  # fmt: skip


@pytest.mark.parametrize(("remark", "answer", "gifts"), GIVES, ids=[row[0] for row in GIVES])
def test_an_answer_gives_exactly_this(remark: str, answer: Response, gifts: dict[Place, Scalar]) -> None:
    """Every place with its value; and by its place alone the value is found again."""
    found = {gift.place: gift.value for gift in given(answer)}
    own = {place: value for place, value in found.items() if place[:2] != ("header", "content-type")}
    assert own == gifts
    assert values_at(answer, list(gifts)) == gifts
    for place, value in gifts.items():
        assert values_at(answer, [place]) == {place: value}


def test_a_page_gives_what_a_browser_would_send() -> None:
    """Fields, meta tags, links by their shape, data attributes, options."""
    found = {gift.place: gift.value for gift in given(page(PAGE))}
    assert (
        found.items()
        >= {
            ("meta", "csrf-token"): "m1",
            ("hidden", "_csrf"): "h&1",
            ("input", "q"): "a b",
            ("option", 1): "b2",
            ("data", "data-key", 0): "d1",
            ("link", 2, "href", "/orders/{id}", 0): "17",
            ("link", "step", "href", "/orders/{id}", 0): "2",
            ("link", 2, "href", "/orders/{id}", 2): "19",
        }.items()
    )
    assert values_at(page(PAGE), [("hidden", "_csrf"), ("link", 2, "href", "/orders/{id}", 1), ("meta", "no")]) == {
        ("hidden", "_csrf"): "h&1",
        ("link", 2, "href", "/orders/{id}", 1): "18",
    }


def test_what_an_answer_does_not_have_is_absent() -> None:
    """Another format, another structure, an error page: nothing is guessed."""
    places: list[Place] = [("body", "id"), ("body", "s", "(json)", "id"), ("xml", "e", "id"), ("header", "etag", 0)]
    for answer in (response(500), page(b"<", "text/xml"), response(answer=[1]), response(answer={"s": "x"})):
        assert values_at(answer, places) == {}


def test_a_gift_shows_no_value_in_a_traceback() -> None:
    (gift, *_) = given(response(answer={"token": "tok-1111aaaa"}))
    assert "tok" not in repr(gift)
