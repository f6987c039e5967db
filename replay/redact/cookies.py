"""Cookies, both ways: the value that the server set and the client brings back keeps one stand-in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.redact.contract import Action, Notes, ValueClass
from replay.redact.detectors import is_timestamp
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.sides import with_fields
from replay.redact.urls import redact_path
from replay.redact.vocabulary import listed

FIELDS = frozenset(("cookie", "set-cookie"))
_FLAGS = listed("httponly secure partitioned")
_WORDS = listed("strict lax none low medium high")
_SECONDS = re.compile(r"-?\d{1,8}|315360000")  # up to three years, and the usual ten; longer is data


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names stay unless they are data; attributes that nobody knows are dropped."""

    name: str = "cookies"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_fields(exchange, pseudonym, notes, self.name, FIELDS.__contains__, redacted_field)


def redacted_field(desk: Rewriter, key: str, value: str) -> str | None:
    """The new value of the field `key` (lower case); None drops the field."""
    if key == "cookie":
        pairs = (_pair(desk, crumb, "cookie") for crumb in value.split(";") if crumb.strip())
        return "; ".join(filter(None, pairs)) or None
    return _set_cookie(desk, value)


def _pair(desk: Rewriter, crumb: str, kind: str) -> str:
    """Empty when a rule leaves the cookie out."""
    name, mark, value = crumb.strip().partition("=")
    name, value = name.strip(), value.strip()
    if not mark:
        return desk.value("", name, kind)
    new = desk.name(name, kind)
    if desk.leaves_out(name, f"{kind}.{new}", value):
        return ""
    bare = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    fresh = desk.value(name, bare, f"{kind}.{new}")
    return f'{new}="{fresh}"' if bare is not value else f"{new}={fresh}"


def _set_cookie(desk: Rewriter, field: str) -> str | None:
    first, *attributes = field.split(";")
    pair = _pair(desk, first, "set-cookie")
    if not pair:
        return None
    kept = (_attribute(desk, attribute.strip()) for attribute in attributes)
    return "; ".join([pair, *(attribute for attribute in kept if attribute)])


def _attribute(desk: Rewriter, attribute: str) -> str:
    """The attributes of RFC 6265bis; an empty text drops."""
    name, _, value = attribute.partition("=")
    lower, place = name.strip().lower(), "set-cookie.attribute"
    value = value.strip()
    if lower in _FLAGS:
        return name
    if lower == "domain":
        dot = "." if value.startswith(".") else ""
        return f"{name}={dot}{desk.host(value.lstrip('.'), place)}"
    if lower == "path":
        return f"{name}={redact_path(desk, value, place)}"
    if lower == "expires" and is_timestamp(value):
        return f"{name}={desk.value('expires', value, place)}"
    if lower == "max-age" and _SECONDS.fullmatch(value):
        return attribute
    if lower in ("samesite", "priority") and value.lower() in _WORDS:
        return attribute
    desk.notes.did(desk.side, place, ValueClass.FIELD, Action.DROP)
    return ""
