"""What a value's own shape says about equality: does meeting it twice mean anything?

Rule: STRONG text is evidence by itself (nobody sends `7f3a…` twice by chance); WEAK text (17, `acme`) needs two id-like
places that name the same noun; NEVER is a price, a date, a version, a word: equality there is chance.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from replay.model.tree import Scalar

LONGEST = 8192  # characters; beyond it a value is content, not a reference
_LONG_INTEGER = 17  # digits: shorter ones may be amounts or epoch times (16 in us), longer ones are snowflakes


class Strength(IntEnum):
    NEVER = 0
    WEAK = 1
    STRONG = 2


EMAIL = re.compile(r"[^@\s\"<>,;:/]{1,64}@[A-Za-z0-9.-]{1,253}\.[A-Za-z0-9-]{2,63}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_MOMENT = r"""
      \d{4}-\d{2}(-\d{2}([t_]\S*)?)?            # 2024-05-17, with or without a time
    | \d{8}t\d{4,6}\S{0,6} | \d{4}-w\d\d(-\d)?  # basic ISO 8601, weeks
    | \d{1,2}-[a-z]{3}-\d{2,4}                  # 17-May-2024
    | p(?=\w)(\d+[ymwd])*(t(\d+[hms])+)?        # durations
    | v?\d+(\.\d+)+([-+]\S*)?                   # versions
    | (application|audio|font|image|multipart|text|video)/\S+
    """
_ONE_WHOLE = re.compile(rf"(?ix){_MOMENT}")
_CHANCE = re.compile(
    rf"""(?ix){_MOMENT}
    | [+-]?[\d.,:/%+]+                          # decimals, clock times, addresses, slashed dates, phone numbers
    | \d+([.,]\d+)?[a-z%]{{1,3}} | \d+x\d+      # amounts with a unit, resolutions
    """
)
_SPACE = re.compile(r"\s")
_DIGIT = re.compile(r"\d")
_DIGITS_AND_DASHES = re.compile(r"[\d-]+")
_WORD = re.compile(
    "true|false|null|none|yes|no|on|off|ok|error|success|failed|active|inactive|open|closed|pending|done|draft"
    "|published|confirmed|cancell?ed|paid|new|asc|desc|id|all",
    re.IGNORECASE,
)


@lru_cache(maxsize=16384)
def is_whole(text: str) -> bool:
    """True for what never holds another value: UUIDs, e-mails, dates, durations, versions, media types."""
    return any(shape.fullmatch(text) for shape in (UUID, EMAIL, _ONE_WHOLE))


def canonical(value: Scalar) -> str:
    """The text under which a number and numeric text are equal; empty for what is never linked."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


@lru_cache(maxsize=16384)
def strength(text: str) -> Strength:
    """How much it means that this text was met twice."""
    if not text or len(text) > LONGEST or _SPACE.search(text) or _WORD.fullmatch(text):
        return Strength.NEVER
    if text.isascii() and text.isdigit():
        return Strength.STRONG if len(text) >= _LONG_INTEGER else Strength.WEAK
    if UUID.fullmatch(text) or EMAIL.fullmatch(text):
        return Strength.STRONG
    if _CHANCE.fullmatch(text):
        return Strength.NEVER
    has_digit = _DIGIT.search(text) is not None
    if len(text) >= 8 and has_digit and not _DIGITS_AND_DASHES.fullmatch(text):
        return Strength.STRONG
    return Strength.WEAK
