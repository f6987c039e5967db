"""What a number is taken for: a quantity, a time, an id, a secret.

    up to 4 digits     stays: a few thousand values hide nothing, whatever permutes them
    5 digits and more  an id, unless its name says that it counts, measures or dates
    old times          move with all other old dates (see `old_dates`)

Under the balanced level numbers of up to eight digits stay, and times between 2008 and 2036.

Rule: a name that makes a number personal (phone, tax number, PIN) goes before all of this.
"""

from __future__ import annotations

import re
from decimal import Decimal

from replay.redact import detectors, old_dates
from replay.redact.kinds import ValueClass
from replay.redact.vocabulary import KeyRole

SMALL = 9_999  # the largest number that stays under any name that is not personal
SMALL_DIGITS = 4
_MOST_QUANTITY_DIGITS = 12  # 99 thousand million, in cents; a longer number is a card or a code
_MOST_COUNT_DIGITS = 8
_BALANCED_SMALL = 99_999_999  # eight digits, also when rounded
_FINE = 4  # decimals from which on a fraction is a place on the map, or as good as one
_COUNTING = (KeyRole.COUNT, KeyRole.MEASURE)
_PERSONAL = (KeyRole.NUMBER, KeyRole.TOKEN)
_TELLING = frozenset((KeyRole.SECRET, KeyRole.PHONE, KeyRole.NUMBER, KeyRole.TOKEN, KeyRole.BIRTH, KeyRole.GEO))
_MOST_DEGREES = 180  # what is larger counts metres (a map projection), of which one decimal is no coarse place
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_PART_OF_DAY = re.compile(r"[1-9]|[12]\d|3[01]")
_COMPACT_DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")


def small_of(role: KeyRole, is_strict: bool) -> int:
    """Integers nearer to zero than this stay under a name of `role` without being looked at; 0: none does."""
    if role in _TELLING:
        return 0
    if not is_strict:
        return _BALANCED_SMALL
    # Of amounts up to twelve digits do stay; the few longer than eight are looked at.
    return _BALANCED_SMALL if role is KeyRole.QUANTITY or role in _COUNTING else SMALL


def keeps_fractions(role: KeyRole, is_strict: bool) -> bool:
    """True when any fraction of a small number stays under a name of `role`."""
    return role not in _TELLING and (not is_strict or role is KeyRole.QUANTITY or role in _COUNTING)


def kind_of(role: KeyRole, text: str, is_strict: bool) -> ValueClass:
    """The class of a number, given as it is written; KEPT when it stays. Cards and phones are not seen here."""
    if role in _PERSONAL:
        return ValueClass.DIGITS
    if role is KeyRole.PHONE and text.isdigit():
        return ValueClass.PHONE  # an area code by itself
    if role is KeyRole.BIRTH:
        return _birth(text)
    if role is KeyRole.GEO and "." in text and abs(float(text)) <= _MOST_DEGREES:
        return ValueClass.GEO
    if not is_strict:
        return ValueClass.LONG if detectors.is_long_number(text) else ValueClass.KEPT
    whole, _, fraction = plain(text).lstrip("+-").partition(".")
    if role is KeyRole.QUANTITY:
        return ValueClass.KEPT if len(whole) <= _MOST_QUANTITY_DIGITS else ValueClass.ID
    if role in _COUNTING:
        return ValueClass.KEPT if len(whole) <= _MOST_COUNT_DIGITS else ValueClass.ID
    if role is KeyRole.TIME and "e" not in text.lower():
        return _time(whole, text)
    if len(whole) > SMALL_DIGITS or len(fraction.rstrip("0")) >= _FINE:
        return ValueClass.ID
    return ValueClass.KEPT


def _time(whole: str, text: str) -> ValueClass:
    if old_dates.seconds_of(int(whole)) is not None:
        return ValueClass.DATE if old_dates.number_moves(int(plain(text).partition(".")[0])) else ValueClass.KEPT
    if "." in text and len(whole) <= SMALL_DIGITS:
        return ValueClass.ID if len(text.rpartition(".")[2].rstrip("0")) >= _FINE else ValueClass.KEPT
    if _COMPACT_DAY.fullmatch(whole):
        return ValueClass.DATE if old_dates.moves(whole) else ValueClass.KEPT
    return ValueClass.KEPT if len(whole) <= SMALL_DIGITS else ValueClass.ID


def _birth(text: str) -> ValueClass:
    """A year, month or day, a date as one number, seconds since 1970: another that may be so; else a mere number."""
    whole, _, fraction = plain(text).lstrip("+-").partition(".")
    if not fraction.strip("0") and _PART_OF_DAY.fullmatch(whole):
        return ValueClass.BIRTH
    if fraction.strip("0") or not (_YEAR.fullmatch(whole) or _COMPACT_DAY.fullmatch(whole)):
        return ValueClass.DIGITS if fraction or old_dates.seconds_of(int(whole)) is None else ValueClass.BIRTH
    return ValueClass.BIRTH


def plain(text: str) -> str:
    """`8.2e8` written out; what is written out already as it is."""
    return f"{Decimal(text):f}" if "e" in text or "E" in text else text
