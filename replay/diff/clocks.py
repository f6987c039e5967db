"""Times that follow the clock: how far each stands from its answer's own Date, in the recording and in the replays.

A replay may be faster or slower than the recording, so an age is known only by its bounds; "now" and "now and an hour"
are known to the second.
Rule: two clocks are never compared with each other, only a time with the Date header beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from replay.diff.populations import Leaf, Population
from replay.diff.recurrence import Stray, stray
from replay.diff.times import second_of, time_format

_CROWD = 4  # leaves on each side
_TIGHT_SECONDS, _TIGHT_SHARE = 3.0, 0.02  # a spread below either is none
_SLACK_SECONDS = 5.0  # a Date has whole seconds, and a busy server answers late
_AGE_SLACK_SECONDS = 900.0  # of times of any age: less than any shift of a time zone


def off_the_clock(before: Population, crowds: Sequence[Population]) -> Stray | None:
    """Times outside of what the recording's offsets allow, at two exchanges or more, in every replay."""
    was = _offsets(before)
    now = [_offsets(crowd) for crowd in crowds]
    if was is None or len(was) < _CROWD:
        return None
    kept = [one for one in now if one is not None]
    if len(kept) < len(now) or min(map(len, kept)) < _CROWD:
        return None
    low, high = _bounds([seconds for _, seconds in was], _spread_between(kept))
    found = [{one for one, seconds in offsets if not low <= seconds <= high} for offsets in kept]
    everywhere = set.intersection(*found)
    if len(everywhere) < 2 or len(everywhere) * 20 < len({one for one, _ in kept[0]}):
        return None
    offset = next(seconds for one, seconds in kept[0] if one in everywhere)
    ordinary = sorted(seconds for _, seconds in was)[len(was) // 2]
    remark = f"{_told(ordinary)} the answer's own time as recorded, here {_told(offset)} it"
    return stray([one for one, _, _ in before.leaves if one in everywhere], before, remark)


def _offsets(crowd: Population) -> list[tuple[str, float]] | None:
    """Seconds between each time and its answer; None when any leaf is no time, or no answer has a Date."""
    out = [_offset(leaf) for leaf in crowd.leaves]
    known = [one for one in out if one is not None]
    return known if out and len(known) == len(out) else None


def _offset(leaf: Leaf) -> tuple[str, float] | None:
    exchange_id, value, now = leaf
    second = second_of(value)
    if now is None or second is None or time_format(value) == "date":  # a day has no second
        return None
    return exchange_id, second - now


def _bounds(offsets: Sequence[float], between: float) -> tuple[float, float]:
    """What was written and is read later grows old with the replay's pace: downwards there is more room."""
    low, high = min(offsets), max(offsets)
    if high - low <= max(_TIGHT_SECONDS, _TIGHT_SHARE * abs(high + low) / 2):
        slack = _SLACK_SECONDS + 3 * between
        age = _AGE_SLACK_SECONDS if low < 0 else min(_AGE_SLACK_SECONDS, low / 2)
        return low - max(slack, age), (max(high, 0.0) if low < 0 else high) + slack
    return min(low, 0.0) - _AGE_SLACK_SECONDS, max(high, 0.0) + _AGE_SLACK_SECONDS


def _spread_between(sides: Sequence[Sequence[tuple[str, float]]]) -> float:
    """By how much the offsets of one exchange vary between clean replays."""
    one, *others = (dict(side) for side in sides)
    return max((abs(one[key] - other[key]) for other in others for key in one.keys() & other.keys()), default=0.0)


def _told(seconds: float) -> str:
    if abs(seconds) < 2 * _SLACK_SECONDS:
        return "at"
    return f"{abs(seconds):.0f} s {'after' if seconds > 0 else 'before'}"
