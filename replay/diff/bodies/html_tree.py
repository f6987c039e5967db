"""HTML as a flat tree: all elements of a name in one list, in the order of the page, with attributes and own text.

    <p class="b a">Hi <b>you</b></p>  ->  {"p": [{"@class": "a b", "#text": "Hi"}], "b": ["you"]}

Comments, white space and the order of attributes and classes do not count; scripts and styles are told by digest.
What is nested in what is not told: a page is compared by what it shows and links, not by how it is wrapped.

Rule: linear in the page. Parsers that build a browser's tree are not: lexbor took 67 s for 100,000 open `div`.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass, field

from replay.diff.bodies.limits import MOST_PARTS, UnreadableBodyError, joined, text_of_bytes
from replay.model.tree import Tree

_DATA_SCRIPTS = frozenset({"application/json", "application/ld+json"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*+)>")
_ATTRIBUTE = re.compile(r"([^\s=>\"'/]++)(?:\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']++)))?")
_RAW_END = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style", "textarea", "title")
}
_NEAREST = 64  # how many open elements an end tag is looked for among
_META = re.compile(rb"<meta\s[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_-]{1,20})", re.IGNORECASE)
_LOOKED_AT = 1024  # bytes in which browsers look for a charset (HTML standard, section 13.2.3.2)


def read_html(data: bytes, charset: str) -> Tree:
    found = _META.search(data[:_LOOKED_AT])
    text = text_of_bytes(data, charset or (found[1].decode() if found else ""))
    if text.count("<") > MOST_PARTS:
        raise UnreadableBodyError("HTML of too many elements")
    page = _Page()
    page.read(text)
    own = page.page.tree()
    out: dict[str, Tree] = {"#text": own} if own else {}
    for element in page.elements:
        joined(out, element.name, element.tree())
    return out


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, Tree]
    pieces: list[str] = field(default_factory=list)

    def tree(self) -> Tree:
        text = " ".join("".join(self.pieces).split())
        if self.name in {"script", "style"} and self.attributes.get("@type") not in _DATA_SCRIPTS and text:
            text = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        if not self.attributes:
            return text
        return {**self.attributes, "#text": text} if text else {**self.attributes}


class _Page:
    """Reads from one `<` to the next. An element that is never closed holds the texts behind it."""

    def __init__(self) -> None:
        self.page = _Element("", {})
        self.elements: list[_Element] = []
        self.open: list[_Element] = []

    def read(self, text: str) -> None:
        at = 0
        while (mark := text.find("<", at)) >= 0:
            self._say(html.unescape(text[at:mark]))
            at = self._markup(text, mark)
        self._say(html.unescape(text[at:]))

    def _markup(self, text: str, at: int) -> int:
        """Where the reading goes on. Markup that does not end takes the rest of the page, as in a browser."""
        if text.startswith("<!--", at):
            return _behind(text, "-->", at)
        if text.startswith(("<!", "<?"), at):
            return _behind(text, ">", at)
        if not text[at + 1 : at + 3].lstrip("/")[:1].isalpha():
            self._say("<")
            return at + 1
        tag = _TAG.match(text, at)
        if tag is None:
            return len(text)
        name = tag[2].lower()
        if tag[1]:
            self._close(name)
            return tag.end()
        self._open(name, tag[3])
        return self._raw(text, name, tag.end()) if name in _RAW_END else tag.end()

    def _raw(self, text: str, name: str, at: int) -> int:
        found = _RAW_END[name].search(text, at)
        end = found.start() if found else len(text)
        piece = text[at:end]
        self._say(html.unescape(piece) if name in {"textarea", "title"} else piece)
        return end

    def _open(self, name: str, attributes: str) -> None:
        element = _Element(name, _attributes(attributes))
        self.elements.append(element)
        if name not in _VOID:
            self.open.append(element)

    def _close(self, name: str) -> None:
        """To the nearest open element of that name; an end tag of nothing closes nothing."""
        for back in range(1, min(len(self.open), _NEAREST) + 1):
            if self.open[-back].name == name:
                del self.open[-back:]
                return

    def _say(self, piece: str) -> None:
        """Text outside of all elements is the page's own."""
        if piece:
            (self.open[-1] if self.open else self.page).pieces.append(piece)


def _behind(text: str, end: str, at: int) -> int:
    found = text.find(end, at)
    return len(text) if found < 0 else found + len(end)


def _attributes(text: str) -> dict[str, Tree]:
    out: dict[str, Tree] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        key, value = name.lower(), html.unescape(double or single or bare).strip()
        out.setdefault(f"@{key}", " ".join(sorted(set(value.split()))) if key == "class" else value)
    return dict(sorted(out.items()))
