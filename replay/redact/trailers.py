"""Trailer fields: what a sender says after the body, a gRPC status for one (RFC 9110 section 6.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from replay.model.exchange import Exchange
from replay.model.headers import Headers
from replay.redact import framing
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.header_fields import SPOKEN_FOR, redact_field
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter


@dataclass(frozen=True, slots=True)
class Trailers:
    """As header fields. Digests are dropped; credentials, cookies and hosts must not stand here and are mere values."""

    name: str = "trailers"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        response = exchange.response
        if response is None or not response.trailers.fields:
            return exchange
        desk = Rewriter(pseudonym, notes, Side.RESPONSE)
        fresh = ((name, _redacted(desk, name.lower(), value)) for name, value in response.trailers.fields)
        kept = Headers(tuple((name, value) for name, value in fresh if value is not None))
        return replace(exchange, outcome=replace(response, trailers=kept))


def _redacted(desk: Rewriter, key: str, value: str) -> str | None:
    place = f"trailer.{key}[*]"  # as `model.tree.pattern` writes ("trailer", name, n)
    if key in framing.DROPPED or key == "content-length":
        desk.notes.did(desk.side, place, ValueClass.FIELD, Action.DROP)
        return None
    if desk.notes.guide.lexicon.knows_name(key) and desk.leaves_out(key, place, value):
        return None
    if key in SPOKEN_FOR:
        desk.notes.words.add(key)
        return desk.value(key, value.strip(), place)
    return redact_field(desk, key, value, place)
