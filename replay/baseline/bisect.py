"""Which of several releases, in order, was the first bad one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from replay.baseline.compare import LEAST_EFFECT, LEVEL, Comparison, Delta, Verdict, compare
from replay.baseline.measure import Release


@dataclass(frozen=True, slots=True)
class FirstBad:
    """From `release` on, this got worse than in the first release and stayed so; `last_good` came right before it."""

    endpoint: str
    metric: str
    last_good: str
    release: str
    delta: Delta


def first_bad(releases: Sequence[Release], level: float = LEVEL, least: float = LEAST_EFFECT) -> tuple[FirstBad, ...]:
    """Against the first one, which counts as good. A release that is bad alone, before good ones, is not named."""
    good, *later = releases
    comparisons = [compare(good, one, level / max(1, len(later)), least) for one in later]
    found = []
    for key in _all_keys(comparisons):
        deltas = [_at(comparison, key) for comparison in comparisons]
        start = len(deltas)
        while start and (one := deltas[start - 1]) is not None and one.verdict is Verdict.WORSE:
            start -= 1
        worst = deltas[start] if start < len(deltas) else None
        if worst is not None:
            found.append(FirstBad(*key, releases[start].name, later[start].name, worst))
    order = {one.name: number for number, one in enumerate(releases)}
    return tuple(sorted(found, key=lambda one: (order[one.release], one.endpoint, one.metric)))


def _all_keys(comparisons: Sequence[Comparison]) -> list[tuple[str, str]]:
    return sorted({(one.endpoint, one.metric) for comparison in comparisons for one in comparison.deltas})


def _at(comparison: Comparison, key: tuple[str, str]) -> Delta | None:
    return next((one for one in comparison.deltas if (one.endpoint, one.metric) == key), None)
