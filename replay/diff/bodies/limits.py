"""How much of a body a reader takes before it gives up, and how it says so.

Rule: a reader never guesses. What it cannot read to its end it refuses with a fixed word, and nobody calls it equal.
"""

from __future__ import annotations

import re

from replay.model.tree import Tree

# Charsets of text; Python has codecs that are none (unicode_escape makes half characters, which JSON cannot hold).
_CHARSET = re.compile(
    r"utf-?(8|16|32)([-_]?[lb]e)?|(us-)?ascii|latin-?1|iso-?8859-?\d{1,2}|(windows-|cp)\d{3,4}|koi8-[ru]|macintosh"
    r"|shift[_-]?jis|euc-(jp|kr)|gb(2312|k|18030)|big5",
    re.IGNORECASE,
)
MOST_DEPTH = 200  # elements, messages or lists within each other; as for JSON, see model.codec
MOST_PARTS = 100_000  # elements, rows, lines, fields: a walk over more takes seconds
MOST_BYTES = 16 << 20  # of one body; a tree takes about ten times as much


class UnreadableBodyError(ValueError):
    """The body cannot be read. `reason` is a fixed phrase; it says nothing of the body's text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def text_of_bytes(data: bytes, charset: str) -> str:
    """Raises UnreadableBodyError. The declared charset, else UTF-8; a byte order mark is no text."""
    if charset and not _CHARSET.fullmatch(charset):
        raise UnreadableBodyError("not in its charset")
    try:
        return data.decode(charset or "utf-8").removeprefix("\ufeff")
    except (UnicodeError, LookupError):
        raise UnreadableBodyError("not in its charset") from None


def joined(mapping: dict[str, Tree], name: str, value: Tree) -> None:
    """Add to a multimap: every name has a list, so that one value and two values differ in length, not in type."""
    values = mapping.setdefault(name, [])
    if isinstance(values, list):
        values.append(value)
