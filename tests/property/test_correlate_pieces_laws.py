"""Laws of reading and writing values: the same leaves as the model, nothing moves by itself, hostile text ends soon."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from make import exchange, request, session
from replay.correlate.answers import given as gifts_of
from replay.correlate.answers import values_at
from replay.correlate.asked import asked, sections
from replay.correlate.inside import inside
from replay.correlate.json_spans import json_pieces
from replay.correlate.learn import learn
from replay.correlate.markup import page_leaves
from replay.correlate.pieces import Piece, is_mark
from replay.correlate.rebinder import Rebinder
from replay.correlate.renewal import Renewal
from replay.correlate.xml_spans import xml_pieces
from replay.model.body import Body
from replay.model.case import Step
from replay.model.codec import dump_json, parse_json
from replay.model.exchange import Exchange
from replay.model.message import request_leaves
from replay.model.tree import leaves

KEYS = st.sampled_from(["id", "course_id", "k", "type", "a b", "é", "(json)"])
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(alphabet=st.sampled_from('ab17"\\/{}[]<>=&,:;%+ é\n-_.@#'), max_size=24) | st.text(max_size=12)
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
TARGETS = st.sampled_from(
    ["/", "/courses/17", "/a%20b?x=1&x=2&&y", "/q?a=+&b=", "//x", "/caf%C3%A9?id=7#", "/x?f=%7B%7D"]
)
LIVE_IDS = st.integers(2, 10**9) | st.uuids().map(str) | st.text(min_size=1, max_size=12)


@given(TREES, st.booleans())
def test_json_has_the_leaves_of_the_model_and_each_its_span(tree: Any, is_spaced: bool) -> None:
    """And what stands at a leaf's span is that leaf, as JSON."""
    text = dump_json(tree).decode()
    text = f" {text}\n" if is_spaced else text
    pieces = json_pieces(text, ("body",))
    assert [(piece.place, piece.value) for piece in pieces] == list(leaves(parse_json(text.encode()), ("body",)))
    for piece in pieces:
        assert parse_json(text[piece.start : piece.end].encode()) == piece.value


def test_of_duplicate_keys_the_last_one_has_the_span() -> None:
    """As the model reads them, also when an object took the scalar's place."""
    (piece,) = json_pieces('{"a": 1, "a": 22}', ())
    assert (piece.value, piece.start) == (22, 14)
    (piece,) = json_pieces('{"a": 1, "a": {"b": 2}}', ())
    assert (piece.place, piece.value) == (("a", "b"), 2)


@given(TARGETS, TREES, st.dictionaries(KEYS, TEXTS, max_size=3))
def test_requests_say_what_the_model_says(target: str, tree: Any, form: dict[str, str]) -> None:
    """The same places and values, up to fields without `=` and the headers of the client's software."""
    for sent in (
        request("POST", target, json=tree),
        request("POST", target, form=form, headers={"Cookie": "a=b; c=d"}),
    ):
        ours = {piece.place: piece.value for piece in asked(sent)}
        theirs = dict(request_leaves(sent))
        assert ours.items() <= theirs.items()
        assert {place for place in theirs if place not in ours and theirs[place] != ""} <= {
            place for place in theirs if place[0] == "header"
        }


@given(TARGETS, TREES)
def test_spans_and_values_agree_in_every_section(target: str, tree: Any) -> None:
    """With and without spans the same is read."""
    sent = request("POST", target, json=tree, headers={"X-A": "b", "Authorization": "Bearer  x1 "})
    spanned = [(piece.place, piece.value) for section in sections(sent) for piece in section.pieces]
    assert spanned == [(piece.place, piece.value) for piece in asked(sent)]


@given(TEXTS | TREES.map(lambda tree: dump_json(tree).decode()) | TARGETS)
@settings(max_examples=200)
def test_writing_what_was_read_changes_no_value(text: str) -> None:
    """Each piece written back into its span reads as before; spans lie inside, in order, and do not meet."""
    pieces = inside(text, ("q",))
    at = 0
    for piece in sorted(pieces, key=lambda one: one.start):
        assert at <= piece.start <= piece.end <= len(text)
        at = piece.end
        assert any(map(is_mark, piece.place))
    for piece in pieces:
        again = text[: piece.start] + piece.spell(piece.value) + text[piece.end :]
        assert _values(inside(again, ("q",))) == _values(pieces)


def _values(pieces: tuple[Piece, ...]) -> dict[Any, Any]:
    return {piece.place: piece.value for piece in pieces}


@given(LIVE_IDS, st.sampled_from(["json", "form", "path", "query", "nested"]))
def test_any_live_value_arrives_whole(live: int | str, way: str) -> None:
    """Whatever the target's ids look like: read back from the request that was sent, it is the one that was given."""
    made = exchange("a", "POST", "/courses", 201, answer={"id": 17171717})
    parts: dict[str, Any] = {
        "json": {"json": {"course_id": "17171717"}},
        "form": {"form": {"course_id": "17171717"}},
        "nested": {"json": {"s": '{"course_id": "17171717"}'}},
    }.get(way, {})
    target = {"path": "/courses/17171717", "query": "/x?course_id=17171717"}.get(way, "/x")
    used = exchange("b", "POST", target, **parts)
    capture = session("s", made, used)
    rebinder = Rebinder(learn([capture]), Renewal(), {one.id: one for one in capture.exchanges})
    rebinder.absorb("a", exchange("l", "POST", "/courses", 201, answer={"id": live}).outcome)
    sent = rebinder.rewrite(Step("b", capture.exchanges[1].request)).request
    values = [str(piece.value) for piece in _all(asked(sent))]
    assert str(live) in values or (way == "path" and f"/courses/{quote(str(live))}" == sent.path) or "/" in str(live)


def _all(pieces: Any) -> Any:
    for piece in pieces:
        yield piece
        if isinstance(piece.value, str):
            yield from _all(inside(piece.value, piece.place))


HOSTILE = ['"' * 60_000, "<!--" * 16_000, "<a b='" * 10_000, "<" * 60_000, "{" * 60_000, "[" * 60_000, "a=" * 30_000,
           "a" * 60_000, "/" * 60_000, "a-" * 30_000, "<?" * 30_000, "<![CDATA[" * 7_000, "query{a(" * 8_000,
           "eyJ" + "a" * 60_000, "%" * 60_000, ";" * 60_000, "\\" * 60_000, "</a" * 20_000, "=" * 60_000]  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:9])
def test_hostile_text_is_read_in_no_time(text: str) -> None:
    """60 KB in every writing: a quadratic reader would take minutes, and nobody raises."""
    list(inside(text, ("q",)))
    xml_pieces(text, ("xml",))
    list(page_leaves(text.encode()))
    for media in ("application/json", "text/xml", "text/html", "text/plain", "application/x-www-form-urlencoded",
                  "multipart/form-data; boundary=a", "application/x-ndjson"):  # fmt: skip
        made: Exchange = exchange("a", "POST", "/x", headers={"X-A": text[:8000]}, body=Body(text.encode(), media),
                                  answer_body=Body(text.encode(), media))  # fmt: skip
        list(asked(made.request))
        assert made.response is not None
        values_at(made.response, [gift.place for gift in list(gifts_of(made.response))[:20]])
