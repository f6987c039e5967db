"""HTML cut into tags, text and raw text, as browsers cut it, in linear time.

The standard library's parser takes quadratic time on some hostile pages and reads others differently in each version.

Rule: a tag, comment or quoted value that never ends makes the page unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from replay.redact.desk import UnreadableError

_RAW = frozenset(("script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext"))
_TEXT_ONLY = frozenset(("textarea", "title"))
_TAG_NAME = re.compile(r"[A-Za-z][^\s/>]*")
_PLAIN_END = re.compile(r"</([A-Za-z][A-Za-z0-9-]{0,40})>")
_BLANK = re.compile(r"[\s/]*")
_ATTRIBUTE = re.compile(r"[^\s/>][^\s/>=]*")
_EQUALS = re.compile(r"\s*=\s*")
_UNQUOTED = re.compile(r"[^\s>]*")
_ENDS = {tag: re.compile(rf"</{tag}(?=[\s/>])", re.IGNORECASE) for tag in _RAW | _TEXT_ONLY}


class Tag(NamedTuple):
    name: str  # lower case
    attributes: tuple[tuple[str, str | None], ...]  # names in lower case, values without entities
    is_closed: bool = False  # "/>", which means something in SVG and XHTML


class End(NamedTuple):
    name: str


class Text(NamedTuple):
    text: str  # without entities


class Raw(NamedTuple):
    """What a script, a style or the like holds; it ends at the page's end when nothing ends it."""

    text: str


class Declaration(NamedTuple):
    text: str


Piece = Tag | End | Text | Raw | Declaration


def pieces(page: str) -> Iterator[Piece]:
    """The page from its beginning to its end; comments are left out. Raises UnreadableError."""
    at, start, text = 0, 0, ""
    while True:
        at = page.find("<", at)
        end = _special(page, at)
        if at >= 0 and end is None:  # a "<" that begins nothing
            at += 1
            continue
        if start < (len(page) if at < 0 else at):
            text += page[start:] if at < 0 else page[start:at]
        if end is None or end[0] is not None:  # a comment parts no text: its halves would be two values
            if text:
                yield Text(unescape(text))
            text = ""
        if end is None:
            return
        found, at = end
        if found is not None:
            yield found
        if isinstance(found, Tag) and found.name in _ENDS:
            inside, at = _inside(page, at, found.name)
            yield inside
        start = at


def _special(page: str, at: int) -> tuple[Piece | None, int] | None:
    """What begins at the "<" and where it ends; None when nothing does."""
    if at < 0:
        return None
    after = page[at + 1 : at + 2]
    if after.isascii() and after.isalpha():
        return _tag(page, at + 1)
    if after == "/" and page[at + 2 : at + 3].isascii() and page[at + 2 : at + 3].isalpha():
        plain = _PLAIN_END.match(page, at)
        if plain is not None:
            return End(plain[1].lower()), plain.end()
        tag, end = _tag(page, at + 2)
        return End(tag.name), end
    if page.startswith("<!--", at):
        return None, _find(page, "-->", at + 2) + 3  # "<!-->" is a whole comment
    if after in ("!", "?", "/") and after:
        end = _find(page, ">", at) + 1
        return (Declaration(page[at:end]) if after == "!" else None), end
    return None


def _tag(page: str, at: int) -> tuple[Tag, int]:
    name = _TAG_NAME.match(page, at)
    if name is None:
        raise UnreadableError("tag")
    at = name.end()
    attributes: list[tuple[str, str | None]] = []
    while True:
        at = _skip(_BLANK, page, at)
        if at >= len(page):
            raise UnreadableError("tag")
        if page[at] == ">":
            return Tag(name.group().lower(), tuple(attributes), page[at - 1] == "/"), at + 1
        key = _ATTRIBUTE.match(page, at)
        if key is None:
            raise UnreadableError("attribute")
        equals = _EQUALS.match(page, key.end())
        if equals is None:
            attributes.append((key.group().lower(), None))
            at = key.end()
            continue
        value, at = _value(page, equals.end())
        attributes.append((key.group().lower(), unescape(value)))


def _value(page: str, at: int) -> tuple[str, int]:
    quote = page[at : at + 1]
    if quote and quote in "\"'":
        end = _find(page, quote, at + 1)
        return page[at + 1 : end], end + 1
    end = _skip(_UNQUOTED, page, at)
    return page[at:end], end


def _inside(page: str, at: int, name: str) -> tuple[Piece, int]:
    """What an element holds in which no tag begins another."""
    found = _ENDS[name].search(page, at)
    end = found.start() if found else len(page)
    text = page[at:end]
    return (Text(unescape(text)) if name in _TEXT_ONLY else Raw(text)), end


def _find(page: str, mark: str, at: int) -> int:
    end = page.find(mark, at)
    if end < 0:
        raise UnreadableError("no end")
    return end


def _skip(pattern: re.Pattern[str], page: str, at: int) -> int:
    found = pattern.match(page, at)
    return found.end() if found else at
