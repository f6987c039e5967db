"""Credentials: the fields of HTTP authentication (RFC 9110 section 11)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.model.message import split_authorization
from replay.redact.contract import Notes
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.sides import header_place, with_fields
from replay.redact.vocabulary import KeyRole, listed

FIELDS = frozenset(
    ("authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate", "authentication-info")
)
_SCHEMES = listed(
    "basic bearer token digest apikey dpop negotiate ntlm hoba mutual hawk aws4-hmac-sha256 signature key oauth"
)
_PAIR = re.compile(r"([A-Za-z][A-Za-z0-9_*-]{0,40})=(?:\"([^\"]*)\"|([^\s,\"]*))")
_OPEN_SCHEMES = listed("basic bearer token dpop apikey negotiate")


@dataclass(frozen=True, slots=True)
class Credentials:
    """The scheme stays; a token keeps its shape, a JWT its claims' shape, Basic its user's stand-in."""

    name: str = "credentials"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_fields(exchange, pseudonym, notes, self.name, FIELDS.__contains__, redacted_field)


def redacted_field(desk: Rewriter, key: str, value: str) -> str:
    """The new value of the field `key` (lower case)."""
    scheme, rest = split_authorization(value)
    place = f"auth.{_known(scheme)}" if key == "authorization" else header_place(key)
    if not scheme:  # a bare scheme ("WWW-Authenticate: Bearer") or a bare token
        return rest if _known(rest) else desk.value("token", rest, place)
    if not _known(scheme):
        return desk.value("authorization", f"{scheme} {rest}", place)
    if _PAIR.match(rest) and not _is_one_token(rest):
        return f"{scheme} {_redact_pairs(desk, rest, place)}"
    if scheme.lower() in _OPEN_SCHEMES:
        return desk.notes.apply(desk.side, place, desk.change(KeyRole.TOKEN, f"{scheme} {rest}"))
    return f"{scheme} {desk.value('token', rest, place)}"


def _redact_pairs(desk: Rewriter, rest: str, place: str) -> str:
    """`realm="x", error="invalid_token"`: names stay, values by their names, all else is punctuation."""
    out: list[str] = []
    for found in _PAIR.finditer(rest):
        name, quoted, bare = found.groups()
        value = desk.value(name, quoted if quoted is not None else bare, place)
        out.append(f'{desk.name(name, place)}="{value}"' if quoted is not None else f"{desk.name(name, place)}={value}")
    return ", ".join(out)


def _is_one_token(rest: str) -> bool:
    """`dG9rZW4=`: base64 whose padding looks like a pair."""
    return "," not in rest and '"' not in rest and rest.rstrip("=").count("=") == 0


def _known(scheme: str) -> str:
    lower = scheme.lower()
    return lower if lower in _SCHEMES else ""
