"""How likely is it that noise alone made so many strange answers? A calibrated decision instead of a threshold.

Most places never misbehave (a spike at zero); the others do so at a rate that nobody knows (a slab, Jeffreys' prior):
so many of `null` pairs were strange between clean replays, how odd are so many strange ones against the recording?

Rule: counts in, a probability out; counts of groups and shards simply add up.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log

_NEVER = 0.95  # share of places that do not misbehave at all, before anything was seen
_PRIOR = 0.5  # Jeffreys' prior of a rate: Beta(1/2, 1/2)
_MOST = 2_000  # more answers than that are scaled down: the verdict is clear long before


@lru_cache(maxsize=4096)
def chance_of_noise(strange_null: int, null: int, strange: int, seen: int) -> float:
    """The probability that noise gives `strange` or more of `seen`, when it gave `strange_null` of `null`."""
    if strange <= 0:
        return 1.0
    if seen > _MOST:
        return chance_of_noise(strange_null, null, strange * _MOST // seen or 1, _MOST)
    a, b = _PRIOR + strange_null, _PRIOR + max(0, null - strange_null)
    tail = sum(exp(_log_share(count, seen, a, b)) for count in range(strange, seen + 1))
    return min(1.0, _misbehaves(strange_null, null) * tail)


def chance_of_none(strange: int, seen: int, before: int) -> float:
    """The probability that none of so many strange answers falls among those `before`, if all were drawn alike."""
    if strange > seen:
        return 0.0
    total = seen + before
    return exp(sum(log(seen - i) - log(total - i) for i in range(min(strange, _MOST))))


def chance_of_at_least(count: int, seen: int, share: float) -> float:
    """The probability of `count` or more of `seen`, each by itself with this share (Poisson's approximation)."""
    mean = seen * share
    if mean <= 0:
        return 0.0
    less = sum(exp(i * log(mean) - mean - lgamma(i + 1)) for i in range(min(count, _MOST)))
    return max(0.0, 1.0 - less)


def _misbehaves(strange_null: int, null: int) -> float:
    """The probability that this place has a rate at all."""
    if strange_null:
        return 1.0
    silent = exp(_log_beta(_PRIOR, _PRIOR + null) - _log_beta(_PRIOR, _PRIOR))
    return (1 - _NEVER) * silent / ((1 - _NEVER) * silent + _NEVER)


def _log_share(count: int, seen: int, a: float, b: float) -> float:
    """The beta-binomial distribution, as a logarithm."""
    ways = lgamma(seen + 1) - lgamma(count + 1) - lgamma(seen - count + 1)
    return ways + _log_beta(count + a, seen - count + b) - _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
