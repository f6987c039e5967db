"""Plans read no more of a request than has to be filled, and are made again only when something else fills it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from make import bearer, exchange, request, session
from replay.correlate.asked import sections
from replay.correlate.binding import Source
from replay.correlate.bindings import Bindings
from replay.correlate.credentials import is_static
from replay.correlate.learn import learn
from replay.correlate.plan import Tally, plan_of
from replay.correlate.rebinder import Rebinder
from replay.correlate.renewal import Renewal
from replay.model.body import Body
from replay.model.case import Step

EDGE = "multipart/form-data; boundary=edge"
PARTS = b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\nfirst-part\r\n--edge--\r\n'
HEADERS = [
    ("Host", "shop.test"), ("Authorization", "Bearer token-of-ann"), ("X-Tag", "first-tag"), ("X-Tag", "second-tag"),
    ("Cookie", "sid=session-of-ann; theme=theme-of-ann"), ("Idempotency-Key", "key-of-this"),
]  # fmt: skip
BODIES = {
    "no body": Body(),
    "JSON": Body(b'{"name": "a name", "inside": {"more": ["of it"]}}', "application/json"),
    "form": Body(b"first=form-one&second=form-two", "application/x-www-form-urlencoded"),
    "multipart": Body(PARTS, EDGE),
    "XML": Body(b'<a b="in-xml"><c>in-element</c></a>', "text/xml"),
    "text": Body(b"a short text", "text/plain"),
    "lines": Body(b'{"a":"line-one"}\n{"a":"line-two"}\n', "application/x-ndjson"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_place_is_found_as_surely_as_by_reading_everything(body):
    """Told where a value stands, the plan fills it as one that was told the value and searched the whole request."""
    asked = replace(request("POST", "/shops/a-slug/notes?page=page-one&q=a+query", headers=HEADERS), body=body)
    found = [piece for section in sections(asked) for piece in section.pieces if not is_static(piece.place)]
    assert len(found) >= 8
    for piece in found:
        fresh = {str(piece.value): "renewed-value"}
        told = plan_of(asked, (), frozenset({piece.place})).filled({}, fresh, Tally())
        searched = plan_of(asked, (), fresh).filled({}, fresh, Tally())
        assert told == searched != asked, piece.place


def rewritten_by(bindings, exchanges, renewal):
    rebinder = Rebinder(bindings, renewal, exchanges)
    rebinder.absorb(
        "login",
        exchange("login", "POST", "/login", answer={"token": "live-9999zzzz", "spare": "live-0000yyyy"}).outcome,
    )
    return rebinder.rewrite(Step("use", exchanges["use"].request)).request.headers.get("authorization")


def test_a_plan_outlives_bindings_that_fill_the_same_from_the_same():
    """After a replay that only made them surer nothing is read again; another source is another plan."""
    first = exchange("login", "POST", "/login", json={"u": 1}, answer={"token": "tok-1111aaaa", "spare": "-"})
    second = exchange("use", "GET", "/things", headers=bearer("tok-1111aaaa"))
    recorded = session("s", first, second)
    exchanges = {one.id: one for one in recorded.exchanges}
    renewal = Renewal(occurrences={})
    learned = learn([recorded])
    assert rewritten_by(learned, exchanges, renewal) == "Bearer live-9999zzzz"
    surer = Bindings([replace(one, confidence=0.99) for one in learned.all])
    surer.plans.update(learned.plans)
    assert rewritten_by(surer, exchanges, renewal) == "Bearer live-9999zzzz"
    assert surer.plans["use"].templates is learned.plans["use"].templates
    other = Bindings([replace(one, sources=(Source("login", ("body", "spare")),)) for one in learned.all])
    other.plans.update(learned.plans)
    assert rewritten_by(other, exchanges, renewal) == "Bearer live-0000yyyy"
