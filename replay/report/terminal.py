"""Text from traffic made safe to print: without control characters, escape sequences, direction and invisible marks.

A capture holds what strangers sent. Rich drops some of it and lets the rest through (measured: `Text` passes ESC and
OSC, both pass direction marks), so everything passes here before any library sees it.
"""

from __future__ import annotations

import re
import unicodedata

# Whole sequences first, so that no `[31m` stays behind: CSI, then strings such as OSC, then the rest.
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[PX\]^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
# Cc: C0, C1 and DEL; Cf: direction marks, zero-width, tags; Cs: halves that no encoding can print; Co: private use.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")  # letters by category, blank on every screen
_COMBINING_LIMIT = 3  # marks on one letter; towers of them cover the lines above


def printable(text: str) -> str:
    """One line of text that says what it shows. Line breaks become spaces."""
    text = _SPACES.sub(" ", _SEQUENCES.sub("", text))
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        if category in _UNPRINTABLE or char in _FILLERS:
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= _COMBINING_LIMIT:
            out.append(char)
    return "".join(out)


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, an ellipsis for what is lost."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"
