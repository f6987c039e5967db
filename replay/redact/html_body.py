"""HTML pages: tags, forms and links stay, what people wrote becomes stand-ins, scripts and comments go."""

from __future__ import annotations

import re
from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.redact.body_formats import Format
from replay.redact.body_rewriting import with_rewritten
from replay.redact.contract import Notes
from replay.redact.desk import Desk
from replay.redact.html_text import rewritten_html
from replay.redact.media_types import charset_of, written_charset
from replay.redact.pseudonyms import Pseudonym

_LOOKED_AT = 1024  # bytes in which browsers look for a charset (HTML standard, section 13.2.3.2)
_META = re.compile(rb"<meta\s[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_-]{1,20})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HtmlBody:
    """Hidden inputs keep their names, so that their values still join with the forms that are sent."""

    name: str = "html-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_rewritten(exchange, pseudonym, notes, Format.HTML, rewritten)


def rewritten(desk: Desk, data: bytes, content_type: str, place: str) -> bytes:
    """Read and written in the charset of the type, else of the page's own word, else in UTF-8."""
    found = _META.search(data[:_LOOKED_AT])
    told = content_type if charset_of(content_type) else f"text/html; charset={found[1].decode() if found else ''}"
    text = data.decode(charset_of(told) or "utf-8").removeprefix("\ufeff")
    return rewritten_html(desk, text, place).encode(written_charset(told), "xmlcharrefreplace")
