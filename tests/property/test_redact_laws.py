"""Laws of redaction, over any traffic: total, deterministic, repeatable, and blind to what it hides."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from datetime import date
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.model.exchange import Exchange
from replay.redact.glance import anchor_of, any_inside, cut, kept, suspects
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from unit.redact.canary_cases import FORM, exchange, grep, jwt_of, said, socket

KEY = bytes(range(32))
POLICY = Policy(Pseudonym(KEY))

TEXT = st.text(max_size=40)
HEADER = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["Authorization", "Cookie", "Set-Cookie", "Location", "Link", "Host", "ETag", "X-Any", "Accept", "Refresh",
     "WWW-Authenticate", "User-Agent", "Content-Type", "Content-Length", "Referer"]
) | HEADER  # fmt: skip
TYPES = (
    st.sampled_from(["application/json", FORM, "text/plain", "text/html; charset=latin-1", "image/png", ""]) | HEADER
)


@st.composite
def exchanges(draw) -> Exchange:
    """Any target, any fields, any JSON or bytes."""
    fields = st.lists(st.tuples(NAMES, HEADER), max_size=4)
    body = TREES | st.binary(max_size=60)
    messages = st.lists(st.builds(said, body | TEXT, by_client=st.booleans(), content_type=TYPES), max_size=3)
    return exchange(
        "/" + draw(HEADER),
        method=draw(st.sampled_from(["GET", "POST", "PURGE"]) | HEADER),
        headers=draw(fields),
        body=draw(body),
        content_type=draw(TYPES),
        answer_headers=draw(fields),
        answer=draw(body),
        answer_type=draw(TYPES),
        host=draw(HEADER),
        connection=draw(HEADER),
        trailers=draw(fields),
        messages=draw(messages),
    )


@settings(max_examples=300, deadline=None)
@given(exchanges())
def test_redaction_is_total_and_deterministic(planted: Exchange):
    """Nothing breaks a redactor, nothing of chance is refused, and the same key gives the same bytes."""
    once = POLICY.redact(planted)
    again = Policy(Pseudonym(KEY)).redact(planted)
    assert (once.exchange, once.fields) == (again.exchange, again.fields)


@settings(max_examples=150, deadline=None)
@given(exchanges())
def test_the_type_says_what_is_redacted(planted: Exchange):
    """redact(redact(x)) = redact(x)."""
    once = POLICY.redact(planted)
    assert POLICY.redact(once) == once


LONG = st.one_of(
    st.emails().filter(lambda address: "/" not in address),
    st.uuids().map(str),
    st.text("abcdefghijkXYZ0123456789", min_size=26, max_size=60),
    st.dictionaries(st.sampled_from(["sub", "sid"]), st.uuids().map(str), min_size=1).map(jwt_of),
    st.integers(-9_999, 9_999),  # longer ones are replaced, and have no room for a check
    st.booleans(),
    st.dates(date(2020, 1, 1), date(2055, 12, 31)).map(lambda day: f"{day.isoformat()}T17:04:05Z"),  # older ones move
)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["a", "owner", "items", "status"]), LONG | st.lists(LONG, max_size=3), max_size=4)
)
def test_long_stand_ins_are_known_again_even_without_the_type(document: dict[str, object]):
    """What a server echoes of our own stand-ins is not redacted a second time."""
    once = POLICY.redact(exchange(body=document)).exchange
    assert POLICY.redact(once).exchange == once


WRAPPERS = {
    "json": lambda v: json.dumps({"k": v}),
    "array": lambda v: json.dumps([1, v]),
    "escaped": lambda v: '{"k": "' + "".join(f"\\u{ord(c):04x}" for c in v) + '"}',
    "base64": lambda v: b64encode(v.encode()).decode(),
    "base64url": lambda v: urlsafe_b64encode(v.encode()).decode().rstrip("="),
    "percent": lambda v: quote(v, safe=""),
    "form": lambda v: f"a=1&k={quote(v, safe='')}",
    "url": lambda v: f"https://x.test/p?k={quote(v, safe='')}",
    "path": lambda v: f"/users/{quote(v, safe='')}/orders",
    "jwt": lambda v: jwt_of({"k": v}),
    "text": lambda v: f"about {v} today",
    "hex": lambda v: v.encode().hex(),
}
PLACES = {
    "path": lambda v: exchange(f"/x/{quote(v, safe='')}"),
    "query": lambda v: exchange(f"/x?k={quote(v, safe='')}"),
    "header": lambda v: exchange(headers={"X-Any": v}),
    "bearer": lambda v: exchange(headers={"Authorization": f"Bearer {v}"}),
    "cookie": lambda v: exchange(headers={"Cookie": f"k={quote(v, safe='')}"}),
    "json": lambda v: exchange(body={"k": v}),
    "key": lambda v: exchange(body={v: 1}),
    "form": lambda v: exchange(body=f"k={quote(v, safe='')}", content_type=FORM),
    "text": lambda v: exchange(body=v, content_type="text/plain"),
    "location": lambda v: exchange(answer_headers={"Location": f"/x/{quote(v, safe='')}"}),
    "answer": lambda v: exchange(answer={"error": {"message": v}}),
    "trailer": lambda v: exchange(trailers={"X-Any": v}),
    "message": lambda v: socket(said({"k": v}, by_client=False)),
    "text message": lambda v: socket(said(v)),
}
SECRETS = st.sampled_from(["Quentin Zwolak", "q.zwolak@corp.test", "tOk3n-9x8w7v6u5t4s", "4929123456781236"])


@settings(max_examples=400, deadline=None)
@given(SECRETS, st.lists(st.sampled_from(sorted(WRAPPERS)), max_size=4), st.sampled_from(sorted(PLACES)))
def test_no_nesting_brings_a_secret_through(secret: str, layers: list[str], place: str):
    """Whatever it is wrapped in and wherever it is put, it cannot be read afterwards."""
    value = secret
    for layer in layers:
        value = WRAPPERS[layer](value)
    assert grep((secret,), POLICY.redact(PLACES[place](value)).exchange) == []


PIECES = st.lists(
    st.sampled_from(
        ["Jürgen", "tok9", "x", "ﬁ", "ß", "-", "_", " ", ".", "é", "4111111111111111", "+49", "K", "@", "İ"]
    )
    | st.text(max_size=3),
    max_size=6,
).map("".join)


@settings(max_examples=500, deadline=None)
@given(PIECES, PIECES, PIECES, st.booleans())
def test_a_glance_never_overlooks_an_original(before: str, original: str, after: str, alone: bool):
    """What `survivors` would find is always suspected: a fast look may only err upwards."""
    text, wanted = before + original + after, original.casefold().strip()
    if not wanted:
        return
    folded = text.casefold()
    stands = re.search(rf"(?<![^\W_]){re.escape(wanted)}(?![^\W_])", folded) if alone else wanted in folded
    if stands:
        words = cut(text)
        assert suspects([anchor_of(wanted, alone)], [words])
        assert suspects([anchor_of(wanted, alone)] * 50, [kept(words)])


@settings(max_examples=200, deadline=None)
@given(st.sets(st.binary(min_size=3, max_size=8), min_size=50, max_size=80), st.binary(max_size=60), st.booleans())
def test_many_parts_are_found_as_a_few_are(parts: set[bytes], text: bytes, planted: bool):
    """The linear way and the plain way agree."""
    text = text + min(parts) + text if planted else text
    assert any_inside(parts, text) == any(part in text for part in parts)


@pytest.mark.parametrize("place", sorted(PLACES))
def test_the_grep_sees_each_place(place: str):
    """The law above can fail."""
    assert grep(("tOk3n-9x8w7v6u5t4s",), PLACES[place]("tOk3n-9x8w7v6u5t4s"))
