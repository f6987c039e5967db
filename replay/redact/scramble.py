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

from replay.redact.known_words import WORDS
from replay.redact.vocabulary import ID_PREFIXES, VENDOR_PREFIXES

Stream = Callable[[str, str, int], bytes]

DIGITS = bytes(48 + i % 10 for i in range(256))
_LOWER = bytes(97 + i % 26 for i in range(256))
_UPPER = bytes(65 + i % 26 for i in range(256))
_LOWER_HEX = bytes(97 + i % 6 for i in range(256))
_UPPER_HEX = bytes(65 + i % 6 for i in range(256))
_LOWER_MASK = bytes(255 if 97 <= i <= 122 else 0 for i in range(256))
_UPPER_MASK = bytes(255 if 65 <= i <= 90 else 0 for i in range(256))
_DIGIT_MASK = bytes(255 if 48 <= i <= 57 else 0 for i in range(256))
_OTHERS_ONLY = bytes(i if max(_LOWER_MASK[i], _UPPER_MASK[i], _DIGIT_MASK[i]) == 0 else 0 for i in range(256))

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
    form = form_of(text)
    kept, hexadecimal = form
    head, body = text[:kept], text[kept:]
    out = head + _written(body, stream("text", text, len(text)), hexadecimal)
    if out == text and len(body) > 2:
        out = head + _written(body, stream("text-2", text, len(text)), hexadecimal)
    if not check or len(out) < _SHORTEST_CHECKED:
        return out
    if not text.isascii() or (
        "_" in text or "-" in text
    ):  # else the kinds of characters, and so the form, are the same
        form = form_of(out)
    tail = _check_start(out, form)
    return out if tail is None else out[:tail] + _check_text(out, tail, form, stream)


def is_ours(text: str, stream: Stream) -> bool:
    """True when the end of `text` is the keyed check of its beginning."""
    if len(text) < _SHORTEST_CHECKED:
        return False
    form = form_of(text)
    tail = _check_start(text, form)
    return tail is not None and text[tail:] == _check_text(text, tail, form, stream)


Form = tuple[int, bool]  # how many characters stay at the start, and whether the others are hexadecimal


def form_of(text: str) -> Form:
    """What of `text` stays, and whether the rest is hexadecimal."""
    kept = kept_prefix(text)
    return kept, _HEX.fullmatch(text, kept) is not None


def kept_prefix(text: str) -> int:
    """How many characters of an id such as `ten_3f9a2b` name its kind and stay; 0 when none do.

    A usual prefix stays; another known word only before ten or more characters that look generated. Prefixes by which
    secret scanners know live keys never stay.
    """
    found = _PREFIXED.fullmatch(text)
    if found is None or found[1] in VENDOR_PREFIXES:
        return 0
    rest = found[2]
    generated = len(rest) >= 10 and sum(char.isdigit() for char in rest) >= 2 and not rest.isdigit()
    if found[1] in ID_PREFIXES or (generated and text[len(found[1])] == "_" and found[1] in WORDS):
        return found.start(2)
    return 0


def _written(text: str, stream: bytes, hexadecimal: bool) -> str:
    if text.isascii():
        return _ascii_written(text.encode(), stream, hexadecimal)
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


def _ascii_written(text: bytes, stream: bytes, hexadecimal: bool) -> str:
    """All characters at once: one long number for each kind, cut to the places of that kind by a mask."""
    stream, number = stream[: len(text)], int.from_bytes
    out = number(text.translate(_OTHERS_ONLY), "big")
    lower = number(text.translate(_LOWER_MASK), "big")
    if lower:
        out |= number(stream.translate(_LOWER_HEX if hexadecimal else _LOWER), "big") & lower
    upper = number(text.translate(_UPPER_MASK), "big")
    if upper:
        out |= number(stream.translate(_UPPER_HEX if hexadecimal else _UPPER), "big") & upper
    digits = number(text.translate(_DIGIT_MASK), "big")
    if digits:
        out |= number(stream.translate(DIGITS), "big") & digits
    return out.to_bytes(len(text), "big").decode()


def _foreign(char: str, lower: str, upper: str, digit: str) -> str:
    """ASCII of the same kind. Marks, tags and surrogates can spell a secret too; symbols and punctuation cannot."""
    if char.isalpha():
        return upper if char.isupper() else lower
    if char.isnumeric():
        return digit
    return char if unicodedata.category(char)[0] in "PSZ" and not _SPELLING.match(char) else "x"


def _check_start(text: str, form: Form) -> int | None:
    """Where the check begins, or None when the text has no room for one."""
    kept, hexadecimal = form
    bits_of = (_HEX_BITS if hexadecimal else _TEXT_BITS).get
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


def _check_text(text: str, start: int, form: Form, stream: Stream) -> str:
    """The check over text[:start], written in the kinds of characters that stand at the end."""
    tail = text[start:]
    return _written(tail, stream("check-text", text[:start], len(tail)), form[1])
