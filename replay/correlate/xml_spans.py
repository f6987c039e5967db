"""The values of an XML text with their spans: attributes, and the text of elements that hold nothing else.

    ("Envelope", "Body", "account", "@id")      ("items", "item", 2, "sku")   the third of its name

Rule: names lose their prefix, for prefixes are the sender's own; text that is no XML gives less, and never raises.
CDATA is content, not a reference, and is passed over. Linear in the length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from replay.correlate.pieces import Piece, as_markup
from replay.model.tree import Place

LONGEST = 524_288  # characters
_DEEPEST = 100
_TAG = re.compile(
    r"</(?P<end>[^\s<>/]++)\s*+>"
    r"|<(?P<start>[A-Za-z_][^\s<>/\"']*+)(?P<rest>(?:[^<>\"'/]|\"[^\"<]*\"|'[^'<]*'|/(?!>))*+)(?P<empty>/?)>"
)
_SKIPPED = (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">"))
_ATTRIBUTE = re.compile(r"""([^\s=<>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def xml_pieces(text: str, place: Place) -> tuple[Piece, ...]:
    """Attributes and texts in the order of the document."""
    if len(text) > LONGEST or not text.lstrip("\ufeff \t\r\n").startswith("<"):
        return ()
    return tuple(_walk(text, place))


def _walk(text: str, place: Place) -> Iterator[Piece]:
    path: list[Place] = [place]  # of every open element
    seen: list[dict[str, int]] = [{}]  # names met so far in each of them
    for start, end, tag in _tokens(text):
        if tag is None:
            own = text[start:end].strip()
            if own and len(path) > 1 and not seen[-1]:
                begin = text.index(own, start)
                yield Piece(path[-1], unescape(own), begin, begin + len(own), as_markup)
        elif tag["start"] is not None:
            name = _local(tag["start"])
            n = seen[-1].get(name, 0)
            seen[-1][name] = n + 1
            here: Place = (*path[-1], name, n) if n else (*path[-1], name)
            yield from _attributes(tag, here)
            if not tag["empty"] and len(path) < _DEEPEST:
                path.append(here)
                seen.append({})
        elif len(path) > 1:
            path.pop()
            seen.pop()


def _tokens(text: str) -> Iterator[tuple[int, int, re.Match[str] | None]]:
    """(start, end, tag) of tags, and of the text between them with None. What never ends, ends the reading."""
    at = 0
    while at < len(text):
        start = text.find("<", at)
        if start < 0:
            return
        if start > at:
            yield at, start, None
        closing = next((end for begin, end in _SKIPPED if text.startswith(begin, start)), "")
        if closing:
            end = text.find(closing, start)
            if end < 0:
                return
            at = end + len(closing)
            continue
        tag = _TAG.match(text, start)
        if tag is not None:
            yield start, tag.end(), tag
        at = tag.end() if tag is not None else start + 1


def _attributes(token: re.Match[str], own: Place) -> Iterator[Piece]:
    base = token.start("rest")
    for found in _ATTRIBUTE.finditer(token["rest"]):
        if not found[1].startswith("xmlns"):
            group = 3 if found[2] is None else 2
            at = (*own, "@" + _local(found[1]))
            yield Piece(at, unescape(found[group]), base + found.start(group), base + found.end(group), as_markup)


def _local(name: str) -> str:
    return name.rpartition(":")[2]
