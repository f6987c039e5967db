"""Whether a rule may keep a text: what must not stay is looked for in every writing that people and programs use.

    "ann (at) bank.example", "4079.2666.5722.7901", "ann%2540bank.example", full-width digits, soft hyphens

Rule: a doubt hides the text. The author of a rule can still list the very values that may stay.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from itertools import pairwise
from urllib.parse import unquote_plus

from replay.redact.checksums import luhn_sum
from replay.redact.detectors import has_strong, uuid_hex
from replay.redact.vocabulary import is_structural

_TOKEN_CHARACTERS = 16  # from here on a word of letters and digits may open a door
_MOST_UNDONE = 6  # writings around each other
_WORD = re.compile(rf"[A-Za-z0-9_-]{{{_TOKEN_CHARACTERS},}}")
_RUN = re.compile(r"[A-Za-z0-9+/.:~]{20,}")  # base64, or a token in pieces
_BETWEEN = r"[\s()./_-]{0,3}"
_CARD = re.compile(rf"(?<![\d.])\d(?:{_BETWEEN}\d){{12,18}}(?!\d)")
_DAY = re.compile(r"(?<!\d)(?:\d{1,2}[./]\d{1,2}[./]\d{4}|\d{4}-\d\d-\d\d)(?!\d)")
_PHONE = re.compile(
    rf"(?<![\w.])(?:\+\d(?:{_BETWEEN}\d){{6,14}}|00?[1-9](?:{_BETWEEN}\d){{7,13}}|\(\d(?:{_BETWEEN}\d){{8,13}})(?!\w)"
)
_ADDRESS = re.compile(r"[\w\"'.+-]@[\w\[]")  # also of a host without dots, or by its number
_SPACED_ADDRESS = re.compile(
    r"(?<![\w.+-])[\w.+'-]{1,64}\s{0,2}(?:@|[\[({<]\s?at\s?[\])}>])\s{0,2}[\w-]{1,63}"
    r"\s{0,2}(?:\.|[\[({<]\s?dot\s?[\])}>])\s{0,2}[^\W\d_]{2}",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\(?:x|u00)([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})")
_QUOTED_PRINTABLE = re.compile(r"=(?:\r?\n|([0-9A-F]{2}))")
_DASHES = re.compile("[\u2010-\u2015\u2212\u00b7\u2022]")


def is_clean(text: str) -> bool:
    """True when a rule may keep the text: no e-mail, card, IBAN, phone, JWT, key or other token stands in it."""
    seen: set[str] = set()
    waiting = [text]
    for _ in range(_MOST_UNDONE):
        fresh = {one for known in waiting for one in _undone(known)} - seen
        if any(map(_tells, fresh)):
            return False
        seen |= fresh
        waiting = list(fresh)
    return True


def _undone(text: str) -> list[str]:
    """The text in one spelling, and what it says when one writing around it is undone."""
    out = [_plain(text)]
    if "&" in text:
        out.append(unescape(text))
    if "%" in text:
        out.append(unquote_plus(text))
    if "\\" in text:
        out.append(_ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text).replace("\\", ""))
    if "=" in text:
        out.append(_QUOTED_PRINTABLE.sub(lambda found: chr(int(found[1], 16)) if found[1] else "", text))
    return out


def _plain(text: str) -> str:
    """Without invisible characters; digits, blanks, dashes and letters of other widths as ASCII has them."""
    if text.isascii():
        return text
    shown = "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Mn"))
    shown = _DASHES.sub("-", unicodedata.normalize("NFKC", shown))
    return "".join(char if char.isascii() else _digit(char) for char in shown)


def _digit(char: str) -> str:
    return str(unicodedata.digit(char)) if char.isdigit() else char


def _tells(text: str) -> bool:
    if has_strong(text) or _ADDRESS.search(text) or _SPACED_ADDRESS.search(text):
        return True
    if _PHONE.search(_DAY.sub("", text)) or any(map(_is_card, _CARD.findall(text))):
        return True
    return any(map(_is_token, _WORD.findall(text))) or any(map(_is_random, _RUN.findall(text)))


def _is_card(text: str) -> bool:
    digits = re.sub(r"[^0-9]", "", text)
    return digits[:1] in ("3", "4", "5", "6") and luhn_sum(digits) == 0  # networks' first digits (ISO/IEC 7812)


def _is_token(word: str) -> bool:
    """True for what a generator makes; a UUID names something and opens nothing."""
    is_mixed = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    is_camel = word.isalpha() and not word.islower() and not word.isupper()
    return (is_mixed or is_camel) and not ("-" in word and uuid_hex(word)) and not is_structural(word)


def _is_random(word: str) -> bool:
    """True when digits, capitals and small letters take turns: in words, paths and versions they seldom do."""
    kinds = [(char.isdigit(), char.isupper()) for char in word if char.isalnum()]
    turns = sum(one != other for one, other in pairwise(kinds))
    return len(set(kinds)) == 3 and 3 * turns >= len(kinds)
