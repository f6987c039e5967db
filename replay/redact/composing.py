"""One text in two writings (`e` and an accent, or the one letter) made one, so that it has one stand-in.

Rule: never more work than the text is long. To order many combining marks behind one letter takes the square of their
number (Unicode Standard Annex 15), so a text with more of them than any language writes stays as it is.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import Literal

_MOST_MARKS = 30  # behind one letter: Unicode's "stream-safe" limit
_SHORT = 256  # characters, which cost little whatever they are


def composed(text: str, form: Literal["NFC", "NFKC"] = "NFC") -> str:
    """`text` in a normal form, as long as that is cheap."""
    if text.isascii() or (len(text) > _SHORT and _has_pile(text)):
        return text
    return unicodedata.normalize(form, text)


def _has_pile(text: str) -> bool:
    return any(
        is_mark and sum(1 for _ in marks) > _MOST_MARKS
        for is_mark, marks in groupby(text, key=lambda char: unicodedata.combining(char) > 0)
    )
