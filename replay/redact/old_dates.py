"""Old and far dates: an exact rare day names a person, so it moves; what happened lately stays, for replay needs it.

    before 2020-01-01      moves back     order and intervals among old dates stay
    until 2055-12-31       stays          validity, expiry, timestamps of the traffic itself
    from 2056-01-01 on     moves on       likewise

All writings of an instant move by the same whole number of days: ISO 8601, HTTP dates, seconds and their fractions
since 1970, 20240517, 17.05.2024, 05/17/2024.

Rule: boundaries are dates, not ages. Redaction reads no clock, and a capture made next year must agree with this one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

SECONDS_A_DAY = 86_400
EPOCH_DAY = date(1970, 1, 1).toordinal()
_FIRST_RECENT = (date(2020, 1, 1).toordinal() - EPOCH_DAY) * SECONDS_A_DAY
_FIRST_FAR = (date(2056, 1, 1).toordinal() - EPOCH_DAY) * SECONDS_A_DAY
_LAST_ORDINAL = date.max.toordinal()
# Days that stand for "none", "always" or an epoch of somebody's (Windows, SQL Server, OLE, Unix): they name nobody.
_SENTINELS = frozenset(
    date(*day).toordinal()
    for day in (
        (1, 1, 1),
        (1601, 1, 1),
        (1753, 1, 1),
        (1899, 12, 30),
        (1899, 12, 31),
        (1900, 1, 1),
        (1970, 1, 1),
        (9999, 12, 31),
    )
)
_ISO = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"
    r"(?:[T ](?P<H>\d\d):(?P<M>\d\d)(?::(?P<S>\d\d)(?:[.,]\d{1,9})?)?"
    r"(?: ?(?:Z|UTC|(?P<sign>[+-])(?P<oh>\d\d):?(?P<om>\d\d)))?)?"
)
_HTTP = re.compile(
    r"(?P<w>[A-Z][a-z]+), (?P<d>\d\d)(?P<mark>[ -])(?P<mon>[A-Z][a-z]{2})[ -](?P<y>\d{4}|\d\d) "
    r"(?P<H>\d\d):(?P<M>\d\d):(?P<S>\d\d) GMT"
)
_COMPACT = re.compile(r"(?P<y>19\d\d|20\d\d|2100)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])")
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})(?P<mark>[/.])(?P<m>\d\d)(?P=mark)(?P<d>\d\d)")
_YEAR_LAST = re.compile(r"(?P<a>\d\d?)(?P<mark>[/.-])(?P<b>\d\d?)(?P=mark)(?P<y>\d{4})")
_DIGIT_LED = (_ISO, _COMPACT, _YEAR_FIRST, _YEAR_LAST)
_SHORTEST, _LONGEST = 8, 40  # characters
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Digits of a number of units since 1970, from 1973 on: nine of seconds; twelve of milliseconds; and so forth.
_UNITS = ((9, 10, 1), (12, 13, 1_000), (15, 16, 1_000_000), (18, 19, 1_000_000_000))


@dataclass(frozen=True, slots=True)
class Day:
    """A day as read from a text, and its instant in seconds since 1970: `put` writes another day in the same place."""

    ordinal: int
    at: int
    parts: tuple[tuple[int, int, str], ...]  # start, end and format code of what names the day

    def put(self, text: str, ordinal: int) -> str:
        fresh = date.fromordinal(ordinal)
        out, end = [], 0
        for start, stop, code in self.parts:
            out += [text[end:start], _written(fresh, code, stop - start)]
            end = stop
        return "".join([*out, text[end:]])


def read(text: str) -> Day | None:
    """The day that `text` spells; None when it spells none, or one that no calendar has."""
    if not _SHORTEST <= len(text) <= _LONGEST:
        return None
    for shape in _DIGIT_LED if text[0].isdigit() else (_HTTP,):
        found = shape.fullmatch(text)
        if found is not None:
            return _read(found)
    return None


def moves(text: str) -> bool:
    """True when `text` spells a day that is old or far."""
    day = read(text)
    return day is not None and _way(day.at) != 0


def moved(text: str, days: int) -> str:
    """`text` with its day moved by `days`, back when it is old; `text` itself when it does not move."""
    day = read(text)
    fresh = 0 if day is None else day.ordinal + _way(day.at) * days
    return day.put(text, fresh) if day is not None and 1 <= fresh <= _LAST_ORDINAL else text


def seconds_of(number: int) -> float | None:
    """Seconds since 1970 that `number` tells, by its digits; None when it is too short or too long for that."""
    digits = len(str(abs(number)))
    for least, most, unit in _UNITS:
        if least <= digits <= most:
            return number / unit
    return None


def number_moves(number: int) -> bool:
    """True when `number` is a time since 1970 that is old or far."""
    seconds = seconds_of(number)
    return seconds is not None and _way(int(seconds // 1)) != 0


def moved_number(number: int, days: int) -> int:
    """A time since 1970, moved as `moved` does."""
    seconds = seconds_of(number)
    if seconds is None:
        return number
    unit = next(unit for least, most, unit in _UNITS if least <= len(str(abs(number))) <= most)
    return number + _way(int(seconds // 1)) * days * SECONDS_A_DAY * unit


def _way(at: int) -> int:
    """-1: moves back; 1: moves on; 0: stays."""
    if at % SECONDS_A_DAY == 0 and at // SECONDS_A_DAY + EPOCH_DAY in _SENTINELS:
        return 0
    return -1 if at < _FIRST_RECENT else int(at >= _FIRST_FAR)


def _read(found: re.Match[str]) -> Day | None:
    named = found.groupdict()
    year, month, day, codes = _numbers(named)
    try:
        ordinal = date(year, month, day).toordinal()
    except ValueError:
        return None
    at = (ordinal - EPOCH_DAY) * SECONDS_A_DAY
    at += int(named.get("H") or 0) * 3600 + int(named.get("M") or 0) * 60 + int(named.get("S") or 0)
    if named.get("sign"):
        ahead = int(named["oh"]) * 3600 + int(named["om"]) * 60
        at -= ahead if named["sign"] == "+" else -ahead
    parts = sorted((*found.span(group), code) for group, code in codes.items())
    return Day(ordinal, at, tuple(parts))


def _numbers(named: dict[str, str]) -> tuple[int, int, int, dict[str, str]]:
    """Year, month, day, and which group holds which of them."""
    year = int(named["y"])
    if "mon" in named:
        if len(named["y"]) == 2:
            year += 2000 if year < 70 else 1900  # RFC 9110 section 5.6.7: obsolete; what is far ahead is past
        month = _MONTHS.index(named["mon"]) + 1 if named["mon"] in _MONTHS else 0
        return year, month, int(named["d"]), {"w": "weekday", "d": "day", "mon": "name", "y": "year"}
    if "a" not in named:
        return year, int(named["m"]), int(named["d"]), {"y": "year", "m": "month", "d": "day"}
    first, second = int(named["a"]), int(named["b"])
    day_first = first > 12 or (second <= 12 and named["mark"] != "/")  # 05/17/2024 is American, 17.05.2024 is not
    if day_first:
        return year, second, first, {"a": "day", "b": "month", "y": "year"}
    return year, first, second, {"a": "month", "b": "day", "y": "year"}


def _written(fresh: date, code: str, width: int) -> str:
    if code == "year":
        return f"{fresh.year:04d}"[-width:]
    if code == "weekday":
        return _WEEKDAYS[fresh.weekday()][: width if width == 3 else None]
    if code == "name":
        return _MONTHS[fresh.month - 1]
    return f"{fresh.month if code == 'month' else fresh.day:0{width}d}"
