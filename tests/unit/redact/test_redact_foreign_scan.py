"""The foreign scan: it knows secrets by sight, in text, in raw bytes and below several writings."""

from __future__ import annotations

import base64
import gzip
import json
from urllib.parse import quote

import pytest

from make import exchange
from replay.model.body import Body
from replay.model.session import Actor
from replay.redact.foreign_scan import find_in_bytes, find_in_text, is_plain_stand_in, is_trace_of_stand_in
from replay.redact.occurrence import Occurrence
from replay.redact.pseudonyms import Pseudonym
from replay.redact.stand_ins import stand_ins_of
from replay.redact.unfolding import texts_of, unfolded

SECRETS = {
    "email": "ingrid@fjord-bank.no",
    "card": "4111-1111-1111-1111",
    "iban": "GB82 WEST 1234 5698 7654 32",
    "phone": "+47 21 55 01 23",
    "us-ssn": "-45-6789",
    "private-key": "-----BEGIN OPENSSH PRIVATE KEY-----",
    "aws-key": "AKIAQ3EGRTZ7XK2MPWLA",
    "github-token": "ghp_" + "a1B2c3D4e5F6" * 3,
    "gitlab-token": "glpat-" + "x9" * 10,
    "npm-token": "npm_" + "a1B2c3D4e5F6" * 3,
    "openai-key": "sk-" + "a1B2c3D4e5F6" * 3,
}
HARMLESS = (
    "4111 1111 1111 1112",  # no Luhn sum
    "1732012345678",  # epoch in ms
    "GB82 WEST 1234 5698 7654 33",
    "2026-11-21T16:24:40Z",
    "550e8400-e29b-41d4-a716-446655440000",
    "x4111111111111111",  # part of a longer word
    "version 1.2.3.4, build 20261121162440",
    "000-12-3456",
    "a@b",
    "ey.ey.ey",
)


@pytest.mark.parametrize("kind", SECRETS)
def test_each_kind_is_found_in_text_and_in_bytes(kind: str) -> None:
    text = f"said 123{SECRETS[kind]} twice" if kind == "us-ssn" else f"said ({SECRETS[kind]}) twice"
    assert kind in {found.kind for found in find_in_text(text)}
    assert kind in {found.kind for found in find_in_bytes(b"\x00\x07" + text.encode() + b"\x81\xff")}


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_alike_is_not_found(text: str) -> None:
    assert list(find_in_text(f"said {text} twice")) == []


def test_a_hit_tells_nothing_when_it_is_printed() -> None:
    (found,) = find_in_text(SECRETS["email"])
    assert SECRETS["email"] not in repr(found)


def test_stand_ins_of_emails_are_told_by_their_shape() -> None:
    """Whole in a text; with neighbours, or cut by a dictionary, among raw bytes."""
    ours = Pseudonym(b"k" * 32).email(SECRETS["email"])
    (whole,) = find_in_text(ours)
    assert is_plain_stand_in(whole)
    for raw in (f"x{ours}GET", ours[9:], ours[:-4]):
        assert all(is_trace_of_stand_in(found) for found in find_in_bytes(raw.encode()))
    assert not any(is_trace_of_stand_in(found) for found in find_in_bytes(SECRETS["email"].encode()))


WRITINGS = (
    lambda text: text,
    lambda text: quote(quote(text, safe="")),
    lambda text: json.dumps({"a": json.dumps({"b": text})}),
    lambda text: text.replace("@", "\\u0040"),
    lambda text: text.replace("@", "&#64;"),
    lambda text: base64.b64encode(text.encode()).decode(),
    lambda text: base64.urlsafe_b64encode(json.dumps({"sub": text}).encode()).decode().rstrip("="),
    lambda text: text.encode().hex(),
    lambda text: base64.b64encode(gzip.compress(text.encode())).decode(),
    lambda text: base64.b64encode(quote(base64.b64encode(text.encode()).decode()).encode()).decode(),
    lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
)


@pytest.mark.parametrize("number", range(len(WRITINGS)))
def test_writings_are_undone(number: int) -> None:
    text = f"before {WRITINGS[number](SECRETS['email'])} after"
    assert any(SECRETS["email"] in layer for layer in unfolded(text))


@pytest.mark.parametrize("text", ["", "%", "%zz\\u12", "=" * 99, "\ud800\\ud800", "&#x;", "A" * 100_000, "%25" * 5_000])
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    """Total, and bounded."""
    assert sum(map(len, unfolded(text))) < 32 << 20


def test_all_texts_of_an_exchange_are_looked_at() -> None:
    """Wherever a mark stands, some text has it."""
    mark = "Zq9x7Lm2"
    for one in (
        exchange("e", "GET", f"/a/{mark}?b=c"),
        exchange("e", "GET", f"/a?{mark}=c"),
        exchange("e", "GET", "/a", headers={"X-A": mark}),
        exchange("e", "POST", "/a", json={mark: 1}),
        exchange("e", "POST", "/a", body=Body(f"<a>{mark}</a>".encode(), "text/xml")),
        exchange("e", "GET", "/a", answer=[mark]),
    ):
        assert any(mark in text for text in texts_of(one)), one


def test_a_stand_in_occurs_where_it_stands_alone() -> None:
    """In any case and writing; never inside a longer word or number."""
    occurrence = Occurrence(["48213", "Qzkwpa"])
    yes = (
        {"id": 48213},
        {"note": "user-48213 said"},
        {"n": "qzkwpa bm"},
        {"t": base64.b64encode(b'{"sub": 48213}').decode()},
    )
    no = ({"id": 148213}, {"id": "482130"}, {"n": "Qzkwpaz"})
    assert all(occurrence.is_in(exchange("e", "GET", "/a", answer=one)) for one in yes)
    assert not any(occurrence.is_in(exchange("e", "GET", "/a", answer=one)) for one in no)
    assert occurrence.is_in(exchange("e", "GET", "/a"), Actor("acme", "48213"))
    assert occurrence.found == {"48213", "qzkwpa"}


@pytest.mark.parametrize(
    ("original", "answer"),
    [
        ("ingrid@fjord-bank.no", {"contact": "Ingrid@fjord-bank.no"}),
        ("48213", {"id": 48213}),
        ("Ingrid Sørensen", {"name": "INGRID SØRENSEN"}),
        ("+47 21 55 01 23", {"phone": "+47 21 55 01 23"}),
        ("550e8400-e29b-41d4-a716-446655440000", {"key": "{550E8400-E29B-41D4-A716-446655440000}"}),
        ("4111111111111111", {"pan": "4111 1111 1111 1111"}),
        ("fjord-bank.no", {"mail": "bo@fjord-bank.no"}),
    ],
)
def test_an_originals_stand_ins_are_those_of_a_capture(original: str, answer: dict[str, object]) -> None:
    """Under any name and in usual writings: what `erase --original` looks for is what redaction wrote."""
    from replay.redact.policy import Policy

    pseudonym = Pseudonym(b"k" * 32)
    redacted = Policy(pseudonym).redact(exchange("e", "GET", "/a", answer=answer)).exchange
    wanted = Occurrence(stand_ins_of(original, pseudonym))
    digits = Occurrence("".join(filter(str.isdigit, one)) for one in stand_ins_of(original, pseudonym))
    is_card = original.isdigit() and len(original) == 16
    text = str(redacted.response and redacted.response.body.data.decode()).replace(" ", "") if is_card else ""
    assert wanted.is_in(redacted) or digits.is_named(text)


def test_constants_are_nobodys() -> None:
    """A password's constant would erase everybody."""
    assert "Redacted-1!" not in stand_ins_of("hunter2", Pseudonym(b"k" * 32))
