"""Text from traffic as a page shows it: nothing is obeyed, and nothing is hidden, since a hidden byte is evidence, too.

A browser obeys direction marks and draws zero-width characters as nothing; each is written out as `⟨U+202E⟩`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from markupsafe import Markup

_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")  # letters by category, blank on every screen
_MARKS = frozenset({"Mn", "Me"})
_MOST_MARKS = 3  # on one letter; towers of them cover the lines above
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")  # RFC 7519: a header begins `{"`


def visible(text: str) -> str:
    """Line feeds stay, every other character that a screen would not show is written as its number."""
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in _MARKS else 0
        is_shown = char == "\n" or (char.isprintable() and char not in _FILLERS and marks <= _MOST_MARKS)
        out.append(char if is_shown else " " if char in "\t\xa0" else f"⟨U+{ord(char):04X}⟩")
    return "".join(out)


def finalize(value: Any) -> Any:
    """What a template does with every value before it is escaped."""
    if value is None:
        return ""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def without_tokens(text: str) -> str:
    """JSON Web Tokens taken out: a run that kept live values holds live ones."""
    return _TOKEN.sub("(hidden)", text) if "eyJ" in text else text


def cut(text: str, limit: int) -> str:
    """At most `limit` characters and, when some are lost, how many there were."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"
