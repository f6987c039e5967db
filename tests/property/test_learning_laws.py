"""What is passed by when a capture is learned from: nothing that could have been a binding or a fresh value."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from replay.correlate.answers import given
from replay.correlate.evidence_keys import Keys
from replay.correlate.learn import learn_from, learn_with_fresh
from replay.correlate.nouns import Family
from replay.correlate.offers import Offer, offer_of
from replay.correlate.readings import Readings
from replay.correlate.shapes import Strength, canonical, strength
from replay.correlate.strong import strong_texts
from replay.correlate.walking import leaves_where
from replay.correlate.wanted import Wanted, said_by
from replay.model.body import Body
from replay.model.exchange import Exchange, Request, Response
from replay.model.headers import Headers
from replay.model.message import response_leaves
from replay.model.session import Session
from replay.model.tree import leaves

_PLAIN = st.sampled_from(
    ["ord-93xk20da71", "17", "1", "acme", "tok_9f8a7c6b5d4e", "ann@x.test", "42ab", "*", "2024-05-17T10:00:00Z",
     "3f2b8c1e-1111-4222-8333-0123456789ab", "00731", "order 93xk20", "Zürich-17", "123456789012345678", "a1", ""]
) | st.text("abz019-_.ü ", max_size=12)  # fmt: skip


def _jwt(text: str) -> str:
    parts = ({"alg": "HS256"}, {"sub": text})
    return ".".join(urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + ".c2ln"


_WRITTEN = (
    lambda text: text,
    lambda text: f"user-{text}",
    lambda text: f"{text},x9,{text}",
    lambda text: f'"{text}"',
    lambda text: f"/orders/{text}?after={quote(text)}",
    lambda text: f"https://shop.test/a/{quote(text, safe='')}",
    lambda text: quote(f"{text}/ä", safe=""),
    lambda text: f"a={text}&b=2",
    lambda text: json.dumps({"id": text, "type": "order"}),
    lambda text: b64encode(f"cursor:{text}:0000".encode()).decode(),
    lambda text: "key " + b64encode(json.dumps({"id": text}).encode()).decode(),
    _jwt,
    lambda text: f"query {{ order(id: {json.dumps(text)}) {{ total }} }}",
    lambda text: f"<a><id>{text.replace('a', '&#97;')}</id></a>",
    lambda text: f'<https://shop.test/orders/{text}?page=2>; rel="next"',
    lambda text: f"urn:shop:{text}:17",
)
_TEXT = st.builds(lambda write, text: write(text), st.sampled_from(_WRITTEN), _PLAIN)
_SCALAR = (
    _TEXT | _PLAIN | st.integers(-20, 20) | st.just(123456789012345678) | st.booleans() | st.none() | st.floats(0, 9)
)
_KEYS = st.sampled_from(["id", "type", "order_id", "cursor", "items", "ref", "token", "n", "kind"])
_TREE = st.recursive(
    _SCALAR, lambda inner: st.dictionaries(_KEYS, inner, max_size=4) | st.lists(inner, max_size=3), max_leaves=8
)


@st.composite
def _requests(draw: st.DrawFn) -> Request:
    target = f"/orders/{quote(draw(_PLAIN), safe='')}?cursor={quote(draw(_TEXT), safe='')}"
    fields = [("Authorization", f"Bearer {draw(_PLAIN) or 'x'}"), ("X-Ref", draw(_TEXT).strip() or "r")]
    body = Body(json.dumps(draw(_TREE)).encode(), "application/json") if draw(st.booleans()) else Body()
    return Request(draw(st.sampled_from(["GET", "POST"])), target, Headers(tuple(fields)), body)


@st.composite
def _responses(draw: st.DrawFn) -> Response:
    names = st.sampled_from(["X-Request-Id", "Location", "Set-Cookie", "ETag", "Link", "Date", "Server"])
    fields = draw(st.lists(st.tuples(names, _TEXT | _TEXT.map("sid={}; Path=/".format)), max_size=3))
    kind = draw(st.sampled_from(["application/json"] * 4 + ["text/plain", "text/html", "application/xml"]))
    text = json.dumps(draw(_TREE)) if kind.endswith("json") else draw(_TEXT)
    return Response(draw(st.sampled_from([200, 201, 404])), Headers(tuple(fields)), Body(text.encode(), kind))


@drawn(st.lists(_requests(), min_size=1, max_size=3), _responses())
@settings(max_examples=60)
def test_an_offer_is_all_that_is_given_and_wanted(requests: list[Request], response: Response) -> None:
    """The same places, values, nouns and kinds in the same order, whatever the values are wrapped in."""
    wanted = Wanted.of(said_by(one) for one in requests)
    offer = offer_of(response, wanted)
    assert list(offer.gifts) == [gift for gift in given(response) if canonical(gift.value) in wanted.texts]
    assert offer.whole == {value for _, value in response_leaves(response) if value in wanted.texts and value != 17}


@drawn(_responses())
@settings(max_examples=60)
def test_strong_texts_are_those_that_are_given(response: Response) -> None:
    texts = (canonical(gift.value) for gift in given(response))
    strong = {text for text in texts if len(text) >= 8 and strength(text) is Strength.STRONG}
    assert strong_texts(response) == strong


@drawn(_TREE)
@settings(max_examples=60)
def test_a_walk_that_passes_leaves_by_keeps_the_others_in_order(tree: object) -> None:
    wanted = [
        leaf for leaf in leaves(tree, ("body",)) if (type(leaf[1]) is str and "1" in leaf[1]) or type(leaf[1]) is int
    ]
    assert leaves_where(tree, ("body",), lambda text: "1" in text, lambda number: True) == wanted


@drawn(st.lists(st.tuples(_requests(), _responses()), min_size=1, max_size=5))
@settings(max_examples=30)
def test_what_is_learned_is_what_reading_everything_teaches(pairs: list[tuple[Request, Response]]) -> None:
    """Bindings with their sources and confidence, introductions, and fresh values."""
    exchanges = tuple(Exchange(f"e{i}", *pair, started=float(i), ended=i + 0.5) for i, pair in enumerate(pairs))
    sessions = [Session("a", None, exchanges[::2]), Session("b", None, exchanges[1::2])]
    everything = Readings.of(sessions)
    offers = tuple(_everything_of(one.exchange) for one in everything.timeline if not one.answered)
    everything = Readings(everything.timeline, everything.said, offers)
    keys = Keys(Family.of({one.request.path for one in exchanges}))
    slow, slow_fresh = learn_from(sessions, keys, everything, _text_class)
    fast, fast_fresh = learn_with_fresh(sessions, _text_class)
    assert fast.all == slow.all
    assert [fast.dependencies(one.id) for one in exchanges] == [slow.dependencies(one.id) for one in exchanges]
    assert fast_fresh == slow_fresh


def _everything_of(exchange: Exchange) -> Offer:
    assert exchange.response
    whole = (value for _, value in response_leaves(exchange.response) if isinstance(value, str))
    return Offer(tuple(given(exchange.response)), frozenset(one for one in whole if 6 <= len(one) <= 8192))


def _text_class(_endpoint: str, _place: str) -> str:
    return "text"
