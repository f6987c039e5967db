"""All header fields that no other redactor speaks for: default deny."""

from __future__ import annotations

import re
from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.redact import cookies, credentials, locations
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.detectors import has_strong, is_timestamp
from replay.redact.media_types import reduced
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.sides import header_place, with_fields
from replay.redact.vocabulary import is_plain_name, listed, looks_like_data

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
_SPOKEN_FOR = credentials.FIELDS | cookies.FIELDS | locations.FIELDS
_ETAGS = frozenset(("etag", "if-none-match", "if-match", "if-range"))
_PIECES = re.compile(r"[\s,;=/()\"]+")
_PIECE = re.compile(r"|[A-Za-z*][A-Za-z0-9*+._-]{0,40}|[-\d.:*]{1,12}")
_QUOTED = re.compile(r"\"([^\"]*)\"")
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z-]{0,30}/\d{1,4}(?:\.\d{1,4}){0,3}(?![\w.])")
_PLAIN_AGENT = "agent/1"


@dataclass(frozen=True, slots=True)
class HeaderFields:
    """Allowed fields stay while every piece of them is a plain word; names that are data drop the field."""

    name: str = "header-fields"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        def change(side: Side, _: str, key: str, value: str) -> str | None:
            if key in _SPOKEN_FOR:
                return value
            return _redact_field(Rewriter(pseudonym, notes, side), key, value)

        return with_fields(exchange, change)


def _redact_field(desk: Rewriter, key: str, value: str) -> str | None:
    if not is_plain_name(key):
        desk.notes.did(desk.side, "header", ValueClass.FIELD, Action.DROP)
        return None
    desk.notes.words.add(key)
    place = header_place(key)
    if key == "content-type":
        return reduced(value)
    if key == "user-agent":
        return _agent(desk, value, place)
    if key in ALLOWED and _is_plain(value):
        desk.notes.words.add(value)
        return value
    if key in _ETAGS:
        return (
            _QUOTED.sub(lambda found: f'"{desk.value("etag", found[1], place)}"', value)
            if '"' in value
            else (desk.value("etag", value, place))
        )
    return desk.value(key, value.strip(), place)


def _agent(desk: Rewriter, value: str, place: str) -> str:
    """The first product: device ids and addresses stand in the comments behind it."""
    product = _PRODUCT.match(value)
    fresh = product.group() if product else _PLAIN_AGENT
    if fresh != value:
        desk.notes.did(desk.side, place, ValueClass.FIELD, Action.MASK)
    return fresh


def _is_plain(value: str) -> bool:
    if is_timestamp(value):
        return True
    pieces = _PIECES.split(value)
    return all(_PIECE.fullmatch(piece) and not looks_like_data(piece) for piece in pieces) and not has_strong(value)
