"""All header fields that no other redactor speaks for: default deny."""

from __future__ import annotations

import re
from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.redact import cookies, credentials, header_words, locations
from replay.redact.contract import Action, Notes, ValueClass
from replay.redact.detectors import is_timestamp
from replay.redact.media_types import reduced
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.sides import header_place, with_fields
from replay.redact.vocabulary import listed

ALLOWED = listed(
    """accept accept-charset accept-encoding accept-language accept-patch accept-post accept-ranges
    access-control-allow-credentials access-control-allow-headers access-control-allow-methods
    access-control-expose-headers access-control-request-headers access-control-request-method allow cache-control
    connection content-language content-range cross-origin-embedder-policy cross-origin-opener-policy
    cross-origin-resource-policy date dnt expect expires if-modified-since if-unmodified-since keep-alive last-modified
    pragma prefer preference-applied proxy-connection range referrer-policy retry-after sec-fetch-dest sec-fetch-mode
    sec-fetch-site sec-fetch-user sec-gpc server strict-transport-security te upgrade upgrade-insecure-requests vary
    x-content-type-options x-dns-prefetch-control x-forwarded-proto x-frame-options x-http-method-override
    x-permitted-cross-domain-policies x-requested-with x-robots-tag x-xss-protection"""
)
SPOKEN_FOR = credentials.FIELDS | cookies.FIELDS | locations.FIELDS
_ETAGS = frozenset(("etag", "if-none-match", "if-match", "if-range"))
_ETAG = re.compile(r"\"[^\"]+\"|[^\s,\"]+")
_RANGES = frozenset(("range", "content-range"))
_RANGE = re.compile(r"(?:[A-Za-z]{1,10}[= ])?(?:\d*-\d*|\*)(?:, ?\d*-\d*){0,20}(?:/(?:\d+|\*))?")
_NUMBERS = re.compile(r"(?<![\w.+-])\d+(?:[\s,;=/()\"?]+\d+)+(?![\w.+-])")
_MOST_DIGITS = 4  # of numbers that stay though no word stands between them
_PIECE = re.compile(r"[^\s,;=/()\"?]+")
_PRODUCT = re.compile(r"([A-Za-z][A-Za-z-]{0,30})/(\d{1,3}(?:\.\d{1,3}){0,2})(?![\w])")
_PLAIN_AGENT = "agent/1"


@dataclass(frozen=True, slots=True)
class HeaderFields:
    """Of allowed fields the words stay that HTTP knows; names that are data drop the field."""

    name: str = "header-fields"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_fields(exchange, pseudonym, notes, self.name, _is_ours, redacted_field)


def _is_ours(key: str) -> bool:
    return key not in SPOKEN_FOR


def redacted_field(desk: Rewriter, key: str, value: str) -> str | None:
    """The same, at the field's own place."""
    return redact_field(desk, key, value, header_place(key))


def redact_field(desk: Rewriter, key: str, value: str, place: str) -> str | None:
    """The new value of the field `key` (lower case) that is noted at `place`; None drops the field."""
    if key not in ALLOWED and not desk.notes.guide.lexicon.knows_name(key):
        desk.notes.did(desk.side, place.partition(".")[0], ValueClass.FIELD, Action.DROP)
        return None
    desk.notes.words.add(key)
    if key == "content-type":
        return reduced(value, desk.notes.guide.lexicon)
    if key == "user-agent":
        return _agent(desk, value, place)
    text = value.strip()
    if is_timestamp(text):
        return desk.value(key, text, place)
    if key in ALLOWED and not (key in _RANGES and _RANGE.fullmatch(text)):
        text = _NUMBERS.sub(lambda found: _numbers(desk, found.group(), place), text)
    if key in ALLOWED:
        return _PIECE.sub(lambda found: _piece(desk, key, found.group(), place), text)
    if key in _ETAGS:
        text = text if '"' in text else _NUMBERS.sub(lambda found: _numbers(desk, found.group(), place), text)
        return _ETAG.sub(lambda found: _etag(desk, found.group(), place), text)
    return desk.value(key, text, place)


def _etag(desk: Rewriter, tag: str, place: str) -> str:
    """What stands in quotes is one value, blanks and commas included."""
    if tag in ("W/", "*"):
        return tag
    quote = '"' if tag[0] == '"' else ""
    return f"{quote}{desk.value('etag', tag.strip(quote), place)}{quote}" if quote else desk.value("etag", tag, place)


def _numbers(desk: Rewriter, run: str, place: str) -> str:
    """Small numbers stay, but not one number in pieces: `212 55 0187`."""
    return run if sum(map(str.isdigit, run)) <= _MOST_DIGITS else desk.value("", run, place)


def _agent(desk: Rewriter, value: str, place: str) -> str:
    """The first product: device ids and addresses stand in the comments behind it."""
    product = _PRODUCT.match(value)
    fresh = _PLAIN_AGENT
    if product:
        name = product[1] if product[1].lower() in header_words.PRODUCTS else desk.value("", product[1], place)
        is_version = sum(map(str.isdigit, product[2])) <= _MOST_DIGITS  # else it may be one number in pieces
        fresh = f"{name}/{product[2] if is_version else product[2].partition('.')[0]}"
    if fresh != value:
        desk.notes.did(desk.side, place, ValueClass.FIELD, Action.MASK)
    return fresh


def _piece(desk: Rewriter, key: str, piece: str, place: str) -> str:
    """A word that HTTP knows stays; any other is a value like others."""
    if header_words.is_known(key, piece, desk.notes.guide.lexicon):
        desk.notes.words.add(piece)
        return piece
    return desk.value("", piece, place)
