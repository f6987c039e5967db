"""What an HTML page gives a browser: hidden inputs and other fields, meta tags, links, data attributes.

    ("hidden", "csrf")    ("input", "title")    ("meta", "csrf-token")    ("data", "data-id", 2)    ("option", 0)
    ("href", "/orders/{id}", 0)     the first link of that shape: a, form, link, iframe …

Rule: pages are read as they come, never by their grammar, and in linear time: a tag ends before the next one begins.
Rule: the n-th of a kind is a position, and may mean another thing on another day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from replay.model.endpoint import template
from replay.model.message import Leaf
from replay.model.tree import Place

LONGEST = 1_048_576  # bytes of a page that are looked at
_TAG = re.compile(r"""<([A-Za-z][A-Za-z0-9-]*)((?:"[^"<]*"|'[^'<]*'|[^<>"'])*+)>""")
_ATTRIBUTE = re.compile(r"""([^\s=<>"'/]+)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""")
_LINKS = ("href", "action", "formaction", "data-url", "data-href", "hx-get", "hx-post", "hx-put", "hx-delete")
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def page_leaves(data: bytes) -> Iterator[Leaf]:
    """Every value that a browser, or a script on the page, could send."""
    counts: dict[Place, int] = {}
    seen: set[Place] = set()
    for tag in _TAG.finditer(data[:LONGEST].decode("utf-8", "replace")):
        attributes = {name.lower(): unescape(value.strip("\"'")) for name, value in _ATTRIBUTE.findall(tag[2])}
        for place, value, is_counted in _values(tag[1].lower(), attributes):
            if is_counted:
                n = counts.get(place, 0)
                counts[place] = n + 1
                yield (*place, n), value
            elif place not in seen:
                seen.add(place)
                yield place, value


def _values(tag: str, attributes: dict[str, str]) -> Iterator[tuple[Place, str, bool]]:
    """(place, value, whether the place is counted)."""
    name, value = attributes.get("name", ""), attributes.get("value", "")
    if tag == "input" and name:
        yield ("hidden" if attributes.get("type", "").lower() == "hidden" else "input", name), value, False
    elif tag == "meta" and "content" in attributes:
        yield ("meta", name or attributes.get("property", "")), attributes["content"], False
    elif tag in {"option", "button"} and value:
        yield (tag, name) if name else (tag,), value, True
    for key, text in attributes.items():
        if key in _LINKS and _path_of(text):
            yield ("href", template(_path_of(text))), text, True
        elif key.startswith("data-") and text:
            yield ("data", key), text, True


def _path_of(url: str) -> str:
    origin = _ORIGIN.match(url)
    rest = url[origin.end() :] if origin else url
    return re.split(r"[?#]", rest, maxsplit=1)[0] if rest.startswith("/") else ""
