"""What must never be linked inside other values: small numbers in composites, lists, documents, pages and links."""

from __future__ import annotations

from base64 import b64encode

import pytest

from make import exchange, session
from replay.correlate.learn import learn
from replay.model.body import Body
from replay.model.exchange import Exchange

PAGE = (
    b'<form action="/courses?page=2&top=20&tab=2"><input name="qty" value="10"><input name="note" value="new">'
    b'<select name="n"><option value="10">x</option></select><a href="/courses?page=2&top=20" data-count="10">y</a>'
)
GIVES = {
    "id": 10,
    "owner_id": 2,
    "page": 2,
    "ref": "step-10",
    "slot": "10:2",
    "sizes": "10,20",
    "next": "/courses?page=2&top=20&tab=2",
    "state": '{"n": 10, "page": 2, "flag": true}',
    "cursor_info": b64encode(b'{"n":10,"page":2}').decode(),
    "items": [{"changed_at": "2024-05-17T10:00:00Z"}, {"changed_at": "2024-05-17T10:00:00Z"}],
    "text": "Chapter 10 of 20, page 2, in 2024",
}
XML = Body(b"<o><count>10</count><page n='2'>2</page><sizes>10,20</sizes></o>", "text/xml")
PART = b'--e\r\nContent-Disposition: form-data; name="count"\r\n\r\n10\r\n--e--\r\n'
GRAPHQL = "query { courses(first: 10, page: 2, orderBy: 1) { sizes(of: [10, 20]) } }"

TRAPS = [
    ("pairs of small numbers", exchange("t", "POST", "/x", json={"at": "10:2", "range": "2-10", "ratio": "10/20"})),
    ("lists of counts", exchange("t", "GET", "/x?sizes=10,20&years=2024,10")),
    ("sentences with numbers", exchange("t", "POST", "/x", json={"text": "Chapter 10 of 20, page 2, in 2024"})),
    ("JSON in a string", exchange("t", "POST", "/x", json={"s": '{"n": 10, "page": 2, "course": 10}'})),
    ("base64 of JSON", exchange("t", "GET", "/x?c=" + b64encode(b'{"n":10,"page":2,"top":20}').decode().rstrip("="))),
    ("parameters of a link that page", exchange("t", "GET", "/courses?page=2&top=20&tab=2")),
    ("fields that a person fills in", exchange("t", "POST", "/x", form={"qty": "10", "n": "10", "note": "new"})),
    ("XML", exchange("t", "POST", "/x", body=XML)),
    ("multipart", exchange("t", "POST", "/x", body=Body(PART, "multipart/form-data; boundary=e"))),
    ("GraphQL", exchange("t", "POST", "/x", json={"query": GRAPHQL, "variables": {"first": 10, "page": 2}})),
    ("short texts", exchange("t", "POST", "/x", body=Body(b"10", "text/plain"))),
    ("a time that rows of a list share", exchange("t", "PUT", "/x", json={"changed_at": "2024-05-17T10:00:00Z"})),
    ("header parameters", exchange("t", "GET", "/x", headers={"X-Limit": "max=10, page=2", "Prefer": "wait=10"})),
]


@pytest.mark.parametrize(("remark", "trap"), TRAPS, ids=[remark for remark, _ in TRAPS])
def test_chance_inside_a_value_is_no_evidence(remark: str, trap: Exchange) -> None:
    """Two answers before hold the very values, as JSON and as a page, and still nothing is bound."""
    gives = exchange("g", "POST", "/courses", 201, json={}, answer=GIVES)
    shows = exchange("h", "GET", "/form", answer_body=Body(PAGE, "text/html"))
    assert [(one.place, one.sources) for one in learn([session("s", gives, shows, trap)]).all] == []


def test_the_same_values_do_bind_where_the_noun_agrees() -> None:
    """The traps above do not pass because nothing is opened at all."""
    gives = exchange("g", "POST", "/courses", 201, json={}, answer=GIVES)
    use = exchange("t", "GET", '/x?s={"course_id":10}&ref=course-10&owner_ids=2,3&q=course:10')
    assert len(learn([session("s", gives, use)]).all) == 4
