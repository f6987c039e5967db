"""Times as they stand in answers: what writes them, and which second they mean.

Rule: nothing here reads the clock; two times are compared with each other, or with the answer's own Date header.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from replay.model.tree import Scalar

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?[Zz]| ?[+-]\d{2}:?\d{2})?")
_HTTP_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (GMT|[+-]\d{4})")
_EPOCH = (1_000_000_000, 4_200_000_000)  # seconds: the years 2001 to 2103
_LONGEST = 40  # characters; no time is written longer
_NEAR_SECONDS = 7 * 86_400  # two clean replays of one run lie closer than a week; ids of ten digits rarely do
_A_DAY_SECONDS = 25 * 3600  # a day that the clock turned over, with a change of summer time


def time_format(value: Scalar) -> str:
    """date, datetime, datetime-zone, http-date, epoch, epoch-ms; an empty string when the value is no time."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | float):
        if _EPOCH[0] <= value < _EPOCH[1]:
            return "epoch"
        return "epoch-ms" if _EPOCH[0] * 1000 <= value < _EPOCH[1] * 1000 else ""
    return _format_of_text(value) if 10 <= len(value) <= _LONGEST else ""


@lru_cache(maxsize=16384)  # a value is asked about by every stage of comparing: 1.5 -> 0.1 us
def _format_of_text(text: str) -> str:
    if text.isalpha():
        return ""
    name = _text_format(text)
    return name if name and second_of_text(text) is not None else ""


def _text_format(text: str) -> str:
    if _DATE.fullmatch(text):
        return "date"
    found = _DATETIME.fullmatch(text)
    if found:
        return "datetime-zone" if found[3] else "datetime"
    return "http-date" if _HTTP_DATE.fullmatch(text) else ""


def second_of(value: Scalar) -> float | None:
    """The second (UTC, since 1970) that a time means; None when it is no time."""
    name = time_format(value)
    if not name or value is None:
        return None
    if isinstance(value, str):
        return second_of_text(value)
    return value / 1000 if name == "epoch-ms" else float(value)


@lru_cache(maxsize=4096)  # many answers of one second have the same Date, which is slow to read (8 us)
def second_of_text(text: str) -> float | None:
    """As `second_of`, for text that already looks like a time. A time without a zone is taken as UTC."""
    try:
        if text[:1].isalpha():
            moment = parsedate_to_datetime(text)
        elif len(text) == len("2026-11-20"):
            day = date.fromisoformat(text)
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        else:
            moment = datetime.fromisoformat(_for_python(text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _for_python(text: str) -> str:
    """`fromisoformat` takes no blank before the zone, and at most six digits behind the second."""
    text = text[:11] + text[11:].replace(" ", "").replace(",", ".").upper()
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def are_times(left: Scalar, right: Scalar) -> bool:
    """Both are times, written alike; the distance does not matter."""
    name = time_format(left)
    return bool(name) and name == time_format(right)


def are_near_times(left: Scalar, right: Scalar) -> bool:
    """As `are_times`; bare numbers must also lie close together, else ids would pass for times."""
    if not are_times(left, right):
        return False
    if isinstance(left, str) or isinstance(right, str):
        return True
    first, second = second_of(left), second_of(right)
    return first is not None and second is not None and abs(first - second) <= _NEAR_SECONDS


def follow_the_clock(left: Scalar, right: Scalar, left_now: float | None, right_now: float | None) -> bool:
    """True when both times stand equally far from their answers' own Date, within a day.

    Coarse times (today, midnight in a month) are equal in two replays of one day and differ from the recording of
    another. Without a Date on both sides nothing can be told, and the benefit of the doubt is given.
    """
    if not are_times(left, right):
        return False
    first, second = second_of(left), second_of(right)
    if left_now is None or right_now is None or first is None or second is None:
        return True
    return abs((first - left_now) - (second - right_now)) <= _A_DAY_SECONDS
