"""Header fields that say where: hosts and URLs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.redact.contract import Notes
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.sides import header_place, with_fields
from replay.redact.urls import redact_url

HOSTS = frozenset(("host", "x-forwarded-host", "x-original-host", "x-forwarded-server"))
URLS = frozenset(
    ("location", "content-location", "referer", "origin", "access-control-allow-origin", "sourcemap", "destination")
)
FIELDS = HOSTS | URLS | {"link", "refresh"}
_LINK = re.compile(r"<([^>]*)>([^,<]*)")
_REL = re.compile(r"; *rel=\"?([a-z-]{1,20})\"?")
_REFRESH = re.compile(r"(\d{1,6})(?:; *url=(.*))?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Locations:
    """Routes in URLs stay, hosts become stand-ins; of a Link's parameters only `rel` stays."""

    name: str = "locations"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_fields(exchange, pseudonym, notes, self.name, FIELDS.__contains__, _redact_field)


def _redact_field(desk: Rewriter, key: str, value: str) -> str | None:
    place = "location" if key == "location" else header_place(key)
    text = value.strip()
    if key in HOSTS:
        return ", ".join(desk.host(host.strip(), place) for host in text.split(","))
    if key in URLS:
        return text if text in ("*", "null", "") else redact_url(desk, text, place)
    if key == "link":
        return ", ".join(_link(desk, found, place) for found in _LINK.finditer(text)) or None
    refresh = _REFRESH.fullmatch(text)
    if refresh is None:
        return None
    return f"{refresh[1]}; url={redact_url(desk, refresh[2].strip(), place)}" if refresh[2] else refresh[1]


def _link(desk: Rewriter, found: re.Match[str], place: str) -> str:
    rel = _REL.search(found[2])
    return f"<{redact_url(desk, found[1], place)}>" + (f'; rel="{rel[1]}"' if rel else "")
