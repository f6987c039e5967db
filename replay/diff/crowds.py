"""Checks of leaves as a crowd: their words, shapes, scale and lengths, and values that seldom vary.

Rule: the clean replays are judged by the same measure as the recording; where they would fail it among themselves the
check is silent (`decision`). Remarks count, they never quote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence

from replay.diff.decision import chance_of_noise, chance_of_none
from replay.diff.populations import Population
from replay.diff.recurrence import Stray, same_each_time, stray
from replay.diff.relations import is_equal
from replay.diff.shapes import hex_length, is_opaque, shape
from replay.diff.times import time_format
from replay.model.tree import Scalar

_SURE = 1e-3  # a smaller probability of noise is a difference
_FEW_WORDS, _FEW_SHAPES = 12, 4  # a vocabulary is no longer than that
_PER_WORD = 8  # times that each word of it was recorded, on average
_RARE = 0.25  # above such a share of unequal pairs equality is no hypothesis
_CROWD, _FEW = 10, 5  # leaves at least, before they are a crowd
_BEYOND = 2.0  # times the largest that was recorded, in some of the answers
_SCALE = 20.0  # QA is not production: only another order of magnitude is another unit
_NEARLY_ALL = 0.9
_LONG = 8  # characters: shorter texts are all of one length by chance


def seldom_equal(before: Population, crowds: Sequence[Population]) -> Stray | None:
    """Nearly always equal between clean replays, and unequal to the recording far more often."""
    was, now = before.by_exchange(), [crowd.by_exchange() for crowd in crowds]
    everywhere = [*dict.fromkeys(one for side in (was, *now) for one in side)]
    agreed = [one for one in everywhere if _is_one(now, one)]
    null, varied = len(everywhere), len(everywhere) - len(agreed)
    if not null or varied > _RARE * null:
        return None
    strange = [one for one in agreed if not _is_same(was.get(one, []), now[0].get(one, []))]
    if len(strange) < 2 or chance_of_noise(varied, null, len(strange), null) >= _SURE:
        return None
    return stray(strange, before, f"differs in {len(strange)} of {null}; clean replays differ in {varied}")


def other_words(before: Population, crowds: Sequence[Population]) -> Stray | None:
    """Texts of a small vocabulary, and words that the recording does not know. Times are no words: see `clocks`."""
    if not all(isinstance(value, str) and not time_format(value) for value in before.values()) or _is_per_run(crowds):
        return None
    return _strange(before, crowds, lambda value: value, _FEW_WORDS, "values that were never recorded here")


def other_shapes(before: Population, crowds: Sequence[Population]) -> Stray | None:
    """Values of few classes, and a class that the recording does not know."""
    if _is_per_run(crowds):
        return None
    return _strange(before, crowds, _shape, _FEW_SHAPES, "values of a class that was never recorded here")


def other_scale(before: Population, crowds: Sequence[Population]) -> Stray | None:
    """Positive numbers of another order of magnitude: another unit.

    All of them: fractions only, for counts are larger in production. Some of them: always the same ones.
    """
    numbers = [_number(value) for value in before.values()]
    positive = [number for number in numbers if number is not None and number > 0]
    if len(numbers) < _FEW or len(positive) < len(numbers):
        return None
    low, high = min(positive), max(positive)
    remark = "numbers of another order of magnitude than recorded"
    strange = [_outside(crowd, low / _SCALE, high * _SCALE) for crowd in crowds]
    if all(len(found) >= _NEARLY_ALL * max(_FEW, len(one)) for one, found in zip(crowds, strange, strict=True)):
        return None if _are_counts([before, *crowds]) else stray(strange[0], before, remark)
    some = [_outside(crowd, low / _BEYOND, high * _BEYOND) for crowd in crowds]
    if any(2 * len(found) > len(crowd) for crowd, found in zip(crowds, some, strict=True)):
        return None
    found = same_each_time(some, min(map(len, crowds)))
    return stray(found, before, remark) if found else None


def other_length(before: Population, crowds: Sequence[Population]) -> Stray | None:
    """Texts that all had one length, and now all have another."""
    lengths = [_lengths(crowd) for crowd in (before, *crowds)]
    if any(len(found) != 1 or len(crowd) < _CROWD for found, crowd in zip(lengths, (before, *crowds), strict=True)):
        return None
    was, now = next(iter(lengths[0])), {next(iter(found)) for found in lengths[1:]}
    if was < _LONG or len(now) > 1 or was in now:
        return None
    exchanges = [one for one, _, _ in crowds[0].leaves]
    return stray(exchanges, before, f"{was} characters as recorded, now {now.pop()}")


def _strange(
    before: Population, crowds: Sequence[Population], read: Callable[[Scalar], Hashable], most: int, what: str
) -> Stray | None:
    """Readings outside of the recording's vocabulary: at the same exchanges each time, or too many for chance."""
    known = Counter(map(read, before.values()))
    if not known or len(known) > most or len(before) < _PER_WORD * len(known):
        return None
    found = [[one for one, value, _ in crowd.leaves if read(value) not in known] for crowd in crowds]
    if not all(found):
        return None
    everywhere = same_each_time(found, len(before.by_exchange()))
    if everywhere:
        return stray(everywhere, before, what)
    once = sum(count == 1 for count in known.values())  # words that the recording nearly missed: so many it did miss
    strange, seen = min(map(len, found)), min(map(len, crowds))
    is_noise = chance_of_noise(once, len(before), strange, seen) >= _SURE
    if is_noise or chance_of_none(sum(map(len, found)), sum(map(len, crowds)), len(before)) >= _SURE:
        return None
    return stray(found[0], before, what)


def _is_per_run(crowds: Sequence[Population]) -> bool:
    """One value all through each replay, and another in the next: a sample of as many as there are replays."""
    seen = [set(map(repr, crowd.values())) for crowd in crowds]
    return all(len(one) == 1 for one in seen) and len(set().union(*seen)) > 1


def _is_one(sides: Sequence[dict[str, list[Scalar]]], exchange_id: str) -> bool:
    first = sides[0].get(exchange_id, [])
    return all(_is_same(first, side.get(exchange_id, [])) for side in sides[1:])


def _is_same(one: Sequence[Scalar], two: Sequence[Scalar]) -> bool:
    return len(one) == len(two) and all(map(is_equal, one, two))


def _are_counts(crowds: Sequence[Population]) -> bool:
    return all(isinstance(value, int) for crowd in crowds for value in crowd.values())


def _outside(crowd: Population, low: float, high: float) -> list[str]:
    numbers = ((one, _number(value)) for one, value, _ in crowd.leaves)
    return [one for one, number in numbers if number is not None and not low <= number <= high]


def _number(value: Scalar) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _lengths(crowd: Population) -> set[int]:
    """Lengths of tokens; -1 stands for whatever is none."""
    return {len(value) if isinstance(value, str) and is_opaque(value) else -1 for value in crowd.values()}


def _shape(value: Scalar) -> str:
    """Prose is one class: its words are its own. A hex word of digits only is still a hex word."""
    length = hex_length(value)
    name = f"hex{length}" if length else shape(value)
    return "text" if name.startswith("text") else name
