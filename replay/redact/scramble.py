"""Text in another writing: every letter and digit replaced by one of its own kind, everything else kept.

    "Ingrid Sørensen, 17"  ->  "Qzkwpa Bmxtdvke, 83"

The last characters of a long text are a keyed check over all that stands before them; by it we know our own text
again. There is a check only where 32 bits fit and 48 others remain, so no real secret passes for ours.

Rule: a pure function of the text and the stream; what a character may become depends on nothing but its kind.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable

from replay.redact.vocabulary import ID_PREFIXES, VENDOR_PREFIXES

Stream = Callable[[str, str, int], bytes]

DIGITS = bytes(48 + i % 10 for i in range(256))
_LOWER = bytes(97 + i % 26 for i in range(256))
_UPPER = bytes(65 + i % 26 for i in range(256))
_LOWER_HEX = bytes(97 + i % 6 for i in range(256))
_UPPER_HEX = bytes(65 + i % 6 for i in range(256))

_RUN = re.compile(r"[a-z]+|[A-Z]+|[0-9]+|[^\x00-\x7f]")
_HEX = re.compile(r"(?=.*\d)(?:[0-9a-f]{8,}|[0-9A-F]{8,})")
_PREFIXED = re.compile(r"([a-z]{1,12})[_-](?=[A-Za-z0-9]*\d)([A-Za-z0-9]{4,})")
# Symbols that stand for letters: enclosed ones, regional indicators, Braille.
_SPELLING = re.compile("[\u2460-\u24ff\u2800-\u28ff\u3200-\u33ff\U0001f100-\U0001f1ff]")
_CHECK_BITS, _BODY_BITS = 32.0, 48.0
_SHORTEST_CHECKED = 17  # characters; below this 80 bits never fit
_SPARE_WINDOW = 64  # characters before the check in which the other 48 bits must stand
_DIGIT_BITS = dict.fromkeys("0123456789", 3.32)
_TEXT_BITS = dict.fromkeys(string.ascii_letters, 4.7) | _DIGIT_BITS
_HEX_BITS = dict.fromkeys("abcdefABCDEF", 2.58) | _DIGIT_BITS


def scrambled(text: str, stream: Stream, check: bool = True) -> str:
    """The stand-in of `text`: same length, same kinds of characters."""
    kept = kept_prefix(text)
    hexadecimal = _HEX.fullmatch(text, kept) is not None
    out = text[:kept] + _written(text[kept:], stream("text", text, len(text)), hexadecimal)
    if out == text and len(text) - kept > 2:
        out = text[:kept] + _written(text[kept:], stream("text-2", text, len(text)), hexadecimal)
    tail = _check_start(out) if check else None
    return out if tail is None else out[:tail] + _check_text(out, tail, stream)


def is_ours(text: str, stream: Stream) -> bool:
    """True when the end of `text` is the keyed check of its beginning."""
    tail = _check_start(text)
    return tail is not None and text[tail:] == _check_text(text, tail, stream)


def kept_prefix(text: str) -> int:
    """How many characters of an id such as `ten_3f9a2b` name its kind and stay; 0 when none do.

    A known noun stays; an unknown one only before ten or more characters that look generated. Prefixes by which
    secret scanners know live keys never stay.
    """
    found = _PREFIXED.fullmatch(text)
    if found is None or found[1] in VENDOR_PREFIXES:
        return 0
    rest = found[2]
    generated = len(rest) >= 10 and sum(char.isdigit() for char in rest) >= 2 and not rest.isdigit()
    if found[1] in ID_PREFIXES or (generated and text[len(found[1])] == "_" and len(found[1]) <= 6):
        return found.start(2)
    return 0


def _written(text: str, stream: bytes, hexadecimal: bool) -> str:
    lower = stream.translate(_LOWER_HEX if hexadecimal else _LOWER).decode()
    upper = stream.translate(_UPPER_HEX if hexadecimal else _UPPER).decode()
    digits = stream.translate(DIGITS).decode()

    def another(found: re.Match[str]) -> str:
        start, end = found.span()
        first = text[start]
        if "a" <= first <= "z":
            return lower[start:end]
        if "A" <= first <= "Z":
            return upper[start:end]
        if "0" <= first <= "9":
            return digits[start:end]
        return _foreign(first, lower[start], upper[start], digits[start])

    return _RUN.sub(another, text)


def _foreign(char: str, lower: str, upper: str, digit: str) -> str:
    """ASCII of the same kind. Marks, tags and surrogates can spell a secret too; symbols and punctuation cannot."""
    if char.isalpha():
        return upper if char.isupper() else lower
    if char.isnumeric():
        return digit
    return char if unicodedata.category(char)[0] in "PSZ" and not _SPELLING.match(char) else "x"


def _check_start(text: str) -> int | None:
    """Where the check begins, or None when the text has no room for one."""
    if len(text) < _SHORTEST_CHECKED:
        return None
    kept = kept_prefix(text)
    bits_of = (_HEX_BITS if _HEX.fullmatch(text, kept) else _TEXT_BITS).get
    bits, start = 0.0, len(text)
    while bits < _CHECK_BITS and start > kept:
        start -= 1
        bits += bits_of(text[start], 0.0)
    spare = 0.0
    for char in reversed(text[max(kept, start - _SPARE_WINDOW) : start]):
        spare += bits_of(char, 0.0)
        if spare >= _BODY_BITS:
            return start
    return None


def _check_text(text: str, start: int, stream: Stream) -> str:
    """The check over text[:start], written in the kinds of characters that stand at the end."""
    tail = text[start:]
    hexadecimal = _HEX.fullmatch(text, kept_prefix(text)) is not None
    return _written(tail, stream("check-text", text[:start], len(tail)), hexadecimal)
