"""XML bodies: SOAP, SAML, SVG, feeds; element by element."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.redact.body_formats import Format
from replay.redact.body_rewriting import with_rewritten
from replay.redact.contract import Notes
from replay.redact.desk import Desk
from replay.redact.media_types import charset_of, written_charset
from replay.redact.pseudonyms import Pseudonym
from replay.redact.xml_text import encoding_of, rewritten_xml

_BYTE_ORDER_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


@dataclass(frozen=True, slots=True)
class XmlBody:
    """A document with a type declaration, with entities, or not well-formed to its end is dropped."""

    name: str = "xml-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_rewritten(exchange, pseudonym, notes, Format.XML, rewritten)


def rewritten(desk: Desk, data: bytes, content_type: str, place: str) -> bytes:
    """Read in the charset of the type, else of the bytes, else of the declaration (RFC 7303 section 3)."""
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), "")
    declared = charset_of(f";charset={encoding_of(data)}")
    text = data.decode(marked or charset_of(content_type) or declared or "utf-8")
    charset = written_charset(content_type)
    return rewritten_xml(desk, text, place, charset).encode(charset, "xmlcharrefreplace")
