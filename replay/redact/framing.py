"""Header fields that describe the bytes of a body: after redaction they would be false, or tell the original."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.model.headers import Headers
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.pseudonyms import Pseudonym
from replay.redact.sides import header_place, with_headers
from replay.redact.vocabulary import listed

# An unkeyed digest of the raw body is an oracle: who enumerates the values finds the one that fits.
DROPPED = listed(
    """content-md5 digest content-digest repr-digest want-digest signature signature-input x-amz-content-sha256
    x-amz-checksum-sha256 x-goog-hash x-hub-signature x-hub-signature-256 transfer-encoding content-encoding trailer
    sec-websocket-accept alt-svc"""
)
# Of a request, by name alone: replay sends the new body packed in the same way (RFC 9110 section 8.4.1).
_CODINGS = listed("gzip x-gzip deflate br zstd")


@dataclass(frozen=True, slots=True)
class Framing:
    """Content-Length is that of the new body, or gone with it; digests, signatures and answers' codings are gone."""

    name: str = "framing"

    def redact(self, exchange: Exchange, _: Pseudonym, notes: Notes) -> Exchange:
        def change(side: Side, headers: Headers) -> Headers:
            response = exchange.response
            body = exchange.request.body if side is Side.REQUEST or response is None else response.body
            return reframed(side, headers, body, notes)

        return with_headers(exchange, change)


def reframed(side: Side, headers: Headers, body: Body, notes: Notes) -> Headers:
    """`headers` as they describe `body`, which is redacted."""
    out: list[tuple[str, str]] = []
    for name, value in headers.fields:
        key = name.lower()
        if key == "content-encoding" and side is Side.REQUEST and body.data and _is_told(value):
            out.append((name, value))
        elif key in DROPPED:
            notes.did(side, header_place(key), ValueClass.FIELD, Action.DROP)
        elif key != "content-length":
            out.append((name, value))
        elif body.data:
            out.append((name, str(len(body.data))))
        elif value.strip() == "0" and not body.truncated:
            out.append((name, "0"))
        else:  # of a dropped body, or of a HEAD or 304: the length of what we do not have
            notes.did(side, header_place(key), ValueClass.FIELD, Action.DROP)
    return Headers(tuple(out)) if tuple(out) != headers.fields else headers


def _is_told(codings: str) -> bool:
    """Codings and nothing else: words of a closed list, which say nothing about anybody."""
    return all(coding.strip().lower() in _CODINGS for coding in codings.split(","))
