"""XML as a tree: children by name in lists, attributes under `@name`, text under `#text`.

    <order id="7"><line>a</line><line>b</line></order>  ->  {"order": [{"@id": "7", "line": ["a", "b"]}]}

As canonical XML would have it, two spellings are one document: prefixes, the order of attributes, CDATA, comments,
processing instructions and white space between elements do not count. The order of children of one name does.

Rule: no document type, so no entity of anybody's: neither local files, nor the network, nor a billion laughs.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from replay.diff.bodies.limits import MOST_DEPTH, MOST_PARTS, UnreadableBodyError, joined, text_of_bytes
from replay.model.tree import Tree

_SEPARATOR = "\x1f"  # between a namespace and a name; XML allows it in neither
_DECLARED = re.compile(r"\s*<\?xml\s[^>]{0,300}?\?>")
_ENCODING = re.compile(rb"<\?xml[^>]{0,100}encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,20})[\"']")
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_xml(data: bytes, charset: str) -> Tree:
    """Raises UnreadableBodyError. The charset of the bytes, else of the type, else of the declaration (RFC 7303)."""
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    declared = _ENCODING.match(data.lstrip())
    text = text_of_bytes(data, marked or charset or (declared[1].decode() if declared else ""))
    found = _DECLARED.match(text)
    return _Listener().read(text[found.end() :] if found else text)


class _Listener:
    """Expat's. `open` holds the elements that have begun: name, namespace, content, pieces of text."""

    def __init__(self) -> None:
        self.top: dict[str, Tree] = {}
        self.open: list[tuple[str, str, dict[str, Tree], list[str]]] = [("", "", self.top, [])]
        self.parts = 0

    def read(self, text: str) -> Tree:
        parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = _refuse
        parser.SkippedEntityHandler = _refuse
        try:
            parser.Parse(text, True)
        except (expat.ExpatError, UnicodeError):
            raise UnreadableBodyError("XML that is not well-formed") from None
        return self.top

    def _start(self, tag: str, attributes: list[str]) -> None:
        self.parts += 1 + len(attributes) // 2
        if self.parts > MOST_PARTS or len(self.open) > MOST_DEPTH:
            raise UnreadableBodyError("XML of too many parts, or nested too deeply")
        namespace, _, name = tag.rpartition(_SEPARATOR)
        content: dict[str, Tree] = {}
        if namespace != self.open[-1][1]:
            content["@xmlns"] = namespace
        for i in range(0, len(attributes), 2):
            content[f"@{attributes[i].rpartition(_SEPARATOR)[2]}"] = attributes[i + 1]
        self.open.append((name, namespace, content, []))

    def _end(self, _tag: str) -> None:
        name, _, content, pieces = self.open.pop()
        text = "".join(pieces).strip()
        if text and content:
            content["#text"] = text
        joined(self.open[-1][2], name, content or text)

    def _text(self, text: str) -> None:
        self.open[-1][3].append(text)


def _refuse(*_: object) -> None:
    raise UnreadableBodyError("XML with a document type")
