"""Two releases, endpoint by endpoint: what got worse, what got better, and what nobody can tell.

    latency: the whole distribution (Mann-Whitney), and its tail (p95); errors: Fisher; rows, bytes: Mann-Whitney

Rule: a change counts when it is less likely by chance than the level, shared out among all tests (Bonferroni), *and*
larger than a least effect and than what runs of the good release differ by among themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from replay.baseline.chance import at_rank, greater, rank_limits, score_of, share_greater
from replay.baseline.measure import Amounts, EndpointMeasure, Release
from replay.model.histogram import Histogram, seconds_of

LEVEL = 0.001  # of a whole comparison: one in a thousand pairs of equal releases is told apart
LEAST_EFFECT = 0.05  # nobody mends 5 %
LEAST_REQUESTS = 30  # of either release; the normal approximation is poor below
_EXACT = 3  # amounts that never vary in so many requests of both releases need no test
_TAIL = 0.95


class Verdict(StrEnum):
    SAME = "same"  # no change that chance does not explain
    WORSE = "worse"
    BETTER = "better"
    TOO_FEW = "too-few"  # requests


@dataclass(frozen=True, slots=True)
class Delta:
    """One metric of one endpoint. Latencies in seconds. `p` is the least that a test gave; 1: nothing was tested."""

    endpoint: str
    metric: str
    before: float
    after: float
    verdict: Verdict
    p: float = 1.0

    @property
    def ratio(self) -> float | None:
        """None: there was nothing before."""
        return self.after / self.before if self.before else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`only_before` and `only_after` are endpoints that one release alone was asked."""

    before: str
    after: str
    level: float
    deltas: tuple[Delta, ...]
    only_before: tuple[str, ...] = ()
    only_after: tuple[str, ...] = ()

    @property
    def worse(self) -> tuple[Delta, ...]:
        return tuple(one for one in self.deltas if one.verdict is Verdict.WORSE)


def compare(before: Release, after: Release, level: float = LEVEL, least: float = LEAST_EFFECT) -> Comparison:
    """All endpoints that both were asked. `level`: how often equal releases are told to have got worse (or better)."""
    old, new = before.endpoints, after.endpoints
    shared = sorted(old.keys() & new.keys())
    effects = [max(least, _spread(before.of(endpoint))) for endpoint in shared]

    def at(one_test: float) -> list[Delta]:
        pairs = zip(shared, effects, strict=True)
        return [metric(old[name], new[name], one_test, effect) for name, effect in pairs for metric in _METRICS]

    tests = sum(one.verdict is not Verdict.TOO_FEW for one in at(level))
    deltas = at(level / max(1, tests))
    return Comparison(
        before.name, after.name, level, tuple(deltas), tuple(sorted(old.keys() - new.keys())),
        tuple(sorted(new.keys() - old.keys())),
    )  # fmt: skip


def _spread(runs: Sequence[EndpointMeasure]) -> float:
    """By what share medians of one release's own runs differ: a change must be larger. 0 for a single run."""
    medians = [one.latency.quantile(0.5) for one in runs if one.requests >= LEAST_REQUESTS]
    return max(medians) / min(medians) - 1 if len(medians) > 1 and min(medians) > 0 else 0.0


def _median(old: EndpointMeasure, new: EndpointMeasure, level: float, least: float) -> Delta:
    before, after = old.latency.quantile(0.5), new.latency.quantile(0.5)
    if min(old.requests, new.requests) < LEAST_REQUESTS:
        return Delta(new.endpoint, "p50", before, after, Verdict.TOO_FEW)
    rise = greater(old.latency.counts, new.latency.counts)
    fall = greater(new.latency.counts, old.latency.counts)
    return _told(new.endpoint, "p50", before, after, rise, fall, level, least)


def _told(
    endpoint: str, metric: str, before: float, after: float, rise: float, fall: float, level: float, least: float
) -> Delta:
    verdict = Verdict.SAME
    if rise < level and after > before * (1 + least):
        verdict = Verdict.WORSE
    elif fall < level and before > after * (1 + least):
        verdict = Verdict.BETTER
    return Delta(endpoint, metric, before, after, verdict, min(rise, fall))


def _p95(old: EndpointMeasure, new: EndpointMeasure, level: float, least: float) -> Delta:
    """The tail by itself: a release whose slowest requests alone got slower hardly moves the ranks of all."""
    before, after = old.latency.quantile(_TAIL), new.latency.quantile(_TAIL)
    change = log_ratio(old.latency, new.latency, _TAIL)
    if change is None:
        return Delta(new.endpoint, "p95", before, after, Verdict.TOO_FEW)
    middle, deviation = change
    rise = greater_than_zero(middle, deviation)
    return _told(new.endpoint, "p95", before, after, rise, greater_than_zero(-middle, deviation), level, least)


def greater_than_zero(middle: float, deviation: float) -> float:
    """P-value, one-sided, of a normal `middle` above 0 by chance."""
    if deviation <= 0:
        return 0.0 if middle > 0 else 1.0
    return 0.5 * math.erfc(middle / deviation / math.sqrt(2))


def log_ratio(old: Histogram, new: Histogram, share: float) -> tuple[float, float] | None:
    """Log of new over old at a quantile, and its standard deviation from order statistics. None: too few to tell."""
    parts = [_log_quantile(one, share) for one in (old, new)]
    first, second = parts
    if first is None or second is None:
        return None
    return second[0] - first[0], math.hypot(first[1], second[1])


_ONE_SIGMA = 0.1587  # the normal's tail beyond one standard deviation
_BUCKET = 1 / 128  # relative error of a histogram's quantile


def _log_quantile(histogram: Histogram, share: float) -> tuple[float, float] | None:
    size = histogram.total
    if size * (1 - share) < 5 or size < LEAST_REQUESTS:  # 100 requests for p95, 500 for p99
        return None
    limits = rank_limits(size, share, score_of(_ONE_SIGMA))
    middle = histogram.quantile(share)
    if limits is None or middle <= 0:
        return None
    low, high = (max(seconds_of(at_rank(histogram.counts, rank)), 1e-6) for rank in limits)
    return math.log(middle), max((math.log(high) - math.log(low)) / 2, _BUCKET)


def _errors(old: EndpointMeasure, new: EndpointMeasure, level: float, _least: float) -> Delta:
    if min(old.requests, new.requests) < LEAST_REQUESTS:
        return Delta(new.endpoint, "error_rate", old.error_rate, new.error_rate, Verdict.TOO_FEW)
    rise = share_greater(old.errors, old.requests, new.errors, new.requests)
    fall = share_greater(new.errors, new.requests, old.errors, old.requests)
    return _told(new.endpoint, "error_rate", old.error_rate, new.error_rate, rise, fall, level, 0.0)


def _rows(old: EndpointMeasure, new: EndpointMeasure, level: float, _least: float) -> Delta:
    return _amounts(new.endpoint, "rows", old.rows, new.rows, level, 0.0)


def _bytes(old: EndpointMeasure, new: EndpointMeasure, level: float, least: float) -> Delta:
    return _amounts(new.endpoint, "bytes", old.answered, new.answered, level, least)


def _amounts(endpoint: str, metric: str, old: Amounts, new: Amounts, level: float, least: float) -> Delta:
    before, after = old.mean, new.mean
    if min(old.requests, new.requests) >= _EXACT and len(old.counts) == len(new.counts) == 1:
        sure = 0.0 if before != after else 1.0  # it never varies: another amount is no chance
        return _told(endpoint, metric, before, after, sure, sure, level, least)
    if min(old.requests, new.requests) < LEAST_REQUESTS:
        return Delta(endpoint, metric, before, after, Verdict.TOO_FEW)
    rise, fall = greater(old.counts, new.counts), greater(new.counts, old.counts)
    return _told(endpoint, metric, before, after, rise, fall, level, least)


_METRICS: tuple[Callable[[EndpointMeasure, EndpointMeasure, float, float], Delta], ...] = (
    _median, _p95, _errors, _rows, _bytes,
)  # fmt: skip
