"""Header fields that say where: hosts and URLs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from replay.model.exchange import Exchange
from replay.redact.contract import Notes
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.sides import header_place, with_fields
from replay.redact.urls import SEGMENT_SAFE, redact_url
from replay.redact.vocabulary import listed

HOSTS = frozenset(("host", "x-forwarded-host", "x-original-host", "x-forwarded-server"))
URLS = frozenset(
    ("location", "content-location", "referer", "origin", "access-control-allow-origin", "sourcemap", "destination")
)
FIELDS = HOSTS | URLS | {"link", "refresh"}
_LINK = re.compile(r"<([^>]*)>([^,<]*)")
_REL = re.compile(r"; *rel=\"?([^\";,]{1,60})\"?", re.IGNORECASE)
# Registered relations in use (RFC 8288 section 6.2.1 and HTML): any other word may be anybody's.
_RELATIONS = listed(
    """about alternate amphtml api-catalog appendix archives author blocked-by bookmark canonical collection contents
    copyright create-form current deprecation describedby disclosure dns-prefetch edit edit-form edit-media enclosure
    external first glossary help hosts hub icon index item last latest-version license manifest mask-icon me memento
    modulepreload monitor next nofollow noopener noreferrer opener original payment pingback preconnect
    predecessor-version prefetch preload prerender prev preview previous privacy-policy profile publication related
    replies search section self service service-desc service-doc service-meta shortlink start status stylesheet
    subsection successor-version sunset tag terms-of-service timegate timemap type up version-history via webmention
    working-copy"""
)
_REFRESH = re.compile(r"(\d{1,6})(?:; *url=(.*))?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Locations:
    """Routes in URLs stay, hosts become stand-ins; of a Link's parameters only `rel` stays."""

    name: str = "locations"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_fields(exchange, pseudonym, notes, self.name, FIELDS.__contains__, redacted_field)


def redacted_field(desk: Rewriter, key: str, value: str) -> str | None:
    """The new value of the field `key` (lower case); None drops the field."""
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
    is_number = rel is not None and not any(map(str.isalpha, rel[1]))  # in pieces, perhaps
    words = [_relation(desk, word, place) for word in ([rel[1]] if is_number else rel[1].split())] if rel else []
    return f"<{redact_url(desk, found[1], place)}>" + (f'; rel="{" ".join(words)}"' if words else "")


def _relation(desk: Rewriter, word: str, place: str) -> str:
    """A registered relation stays; one of a service's own is a value like others."""
    if word.lower() in _RELATIONS:
        return word
    return quote(desk.value("rel", word, place), safe=SEGMENT_SAFE)
