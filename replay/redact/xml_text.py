"""XML, read by expat and written anew: names by the rules of names, text and attributes by their names.

Gone are comments, processing instructions and the difference between CDATA and text. A document type declaration (and
with it every entity) makes a document unreadable, as does anything that is not well-formed to its end.

Rule: a namespace stays when the world knows it, or when the level lets names stay that look like names.
"""

from __future__ import annotations

import re
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from replay.redact.desk import Desk, UnreadableError, padded
from replay.redact.lexicon import Level
from replay.redact.vocabulary import is_error_parent, is_password_name, listed, looks_like_data

_MOST_DEPTH = 200
_MOST_PARTS = 30_000  # elements, attributes and texts
_LONGEST_NAMESPACE = 200  # characters
_DECLARED = re.compile(r"\s*<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(rb"<\?xml[^>]{0,100}encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,20})[\"']")
_NAMESPACES = listed(
    """http://www.w3.org/1999/xhtml http://www.w3.org/2000/svg http://www.w3.org/1999/xlink
    http://www.w3.org/XML/1998/namespace http://www.w3.org/2000/xmlns/ http://www.w3.org/1998/Math/MathML
    http://www.w3.org/2001/XMLSchema http://www.w3.org/2001/XMLSchema-instance http://www.w3.org/2005/Atom
    http://www.w3.org/2003/05/soap-envelope http://www.w3.org/2003/05/soap-encoding
    http://schemas.xmlsoap.org/soap/envelope/ http://schemas.xmlsoap.org/soap/encoding/ http://schemas.xmlsoap.org/wsdl/
    http://schemas.xmlsoap.org/ws/2004/08/addressing http://www.w3.org/2005/08/addressing
    http://www.w3.org/2000/09/xmldsig# http://www.w3.org/2001/04/xmlenc# http://www.w3.org/2001/10/xml-exc-c14n#
    urn:oasis:names:tc:SAML:2.0:assertion urn:oasis:names:tc:SAML:2.0:protocol urn:oasis:names:tc:SAML:2.0:metadata
    http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd
    http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd
    urn:iso:std:iso:20022:tech:xsd:pain.001.001.03 urn:iso:std:iso:20022:tech:xsd:camt.053.001.02
    http://www.sitemaps.org/schemas/sitemap/0.9 http://purl.org/dc/elements/1.1/ http://purl.org/rss/1.0/"""
)
_PIECES = re.compile(r"[/:.#?=&;,]+")
_OF_XML = frozenset(("lang", "space", "base", "id"))
_QUALIFIED = re.compile(r"(?:[A-Za-z_][\w.-]{0,60}:)?[A-Za-z_][\w.-]{0,60}")
_FIRST = re.compile(r"[^\s<>/=\"'&]+")


def is_xml(text: str) -> bool:
    return text.startswith("<") and text.endswith(">") and len(text) > 3


def rewritten_xml(desk: Desk, text: str, place: str, charset: str = "UTF-8") -> str:
    """The document anew, declared to be in `charset` when it declared one. Raises UnreadableError."""
    writer = _Writer(desk, place)
    declared = _DECLARED.match(text)
    writer.read(text[declared.end() :] if declared else text.lstrip("\ufeff"))
    start = f'<?xml version="1.0" encoding="{charset.upper()}"?>\n' if declared else ""
    return start + "".join(writer.out)


def encoding_of(data: bytes) -> str:
    """What the XML declaration says; empty when nothing."""
    found = _ENCODING.match(data.lstrip())
    return found[1].decode() if found else ""


class _Writer:
    """Expat's listener. `frames` hold for each open element how it is written, its name, its place, if in an error."""

    def __init__(self, desk: Desk, place: str) -> None:
        self.desk = desk
        self.out: list[str] = []
        self.frames: list[tuple[str, str, str, bool]] = [("", "", place, False)]
        self.parts = 0
        self.is_empty = False  # the start tag written last is still open

    def read(self, text: str) -> None:
        parser = expat.ParserCreate()
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.buffer_size = max(64, 4 * len(text))  # a text in two pieces would be two values
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text
        parser.StartDoctypeDeclHandler = _refuse
        parser.SkippedEntityHandler = _refuse
        try:
            parser.Parse(text, True)
        except (expat.ExpatError, UnicodeError):
            raise UnreadableError("not well-formed") from None

    def start(self, tag: str, attributes: list[str]) -> None:
        self._count(1 + len(attributes) // 2)
        _, above, place, in_error = self.frames[-1]
        written, local = self._name(tag, place)
        own = f"{place}.{written.rpartition(':')[2]}" if place else written.rpartition(":")[2]
        name = above if is_password_name(above) else local
        if len(self.frames) > _MOST_DEPTH:
            raise UnreadableError("too deep")
        self._close_tag()
        self.out.append(f"<{written}")
        for i in range(0, len(attributes), 2):
            self.out.append(f" {self._attribute(attributes[i], attributes[i + 1], name, own)}")
        self.frames.append((written, name, own, in_error or is_error_parent(local)))
        self.is_empty = True

    def end(self, _: str) -> None:
        written = self.frames.pop()[0]
        self.out.append("/>" if self.is_empty else f"</{written}>")
        self.is_empty = False

    def text(self, text: str) -> None:
        self._count(1)
        self._close_tag()
        _, name, place, in_error = self.frames[-1]
        self.out.append(escape(padded(self.desk, name, text, place, in_error)))

    def _close_tag(self) -> None:
        if self.is_empty:
            self.out.append(">")
            self.is_empty = False

    def _count(self, parts: int) -> None:
        self.parts += parts
        if self.parts > _MOST_PARTS:
            raise UnreadableError("too many parts")

    def _attribute(self, attribute: str, value: str, element: str, place: str) -> str:
        prefix, _, local = attribute.rpartition(":")
        if attribute == "xmlns" or prefix == "xmlns":
            written = attribute if not prefix else f"xmlns:{_xml_name(self.desk.name(local, place))}"
            return f"{written}={quoteattr(self._namespace(value, place))}"
        written, local = self._name(attribute, place)
        if prefix and local == "type" and _QUALIFIED.fullmatch(value):  # xsi:type is a name
            return f"{written}={quoteattr(self._name(value, place)[0])}"
        name = element if is_password_name(element) else local
        return f"{written}={quoteattr(self.desk.value(name, value, f'{place}.{written}'))}"

    def _name(self, name: str, place: str) -> tuple[str, str]:
        """A qualified name anew, and the old local part."""
        prefix, mark, local = name.rpartition(":")
        if prefix == "xml" and local in _OF_XML:
            return name, local
        head = _xml_name(self.desk.name(prefix, place)) + ":" if mark else ""
        return head + _xml_name(self.desk.name(local, place)), local

    def _namespace(self, uri: str, place: str) -> str:
        lexicon = self.desk.notes.guide.lexicon
        plain = lexicon.level is Level.BALANCED and len(uri) <= _LONGEST_NAMESPACE
        if uri in _NAMESPACES or uri in lexicon.names or (plain and not any(map(looks_like_data, _PIECES.split(uri)))):
            self.desk.notes.words.add(uri)
            return uri
        return self.desk.value("xmlns", uri, f"{place}.xmlns")


def _xml_name(name: str) -> str:
    """A stand-in that is no name of XML is refused: nothing may end a tag early."""
    if not _FIRST.fullmatch(name) or name[0] in "-.0123456789!?":
        raise UnreadableError("name")
    return name


def _refuse(*_: object) -> None:
    raise UnreadableError("a document type")
