"""How likely a difference of two samples is by chance: rank, quantile and share tests on counted values.

Sources: Mann and Whitney 1947 with the normal approximation and correction for ties (Lehmann, Nonparametrics, 1.2);
quantile limits by order statistics (Conover, Practical Nonparametric Statistics, 3.2); Fisher's exact test (1922).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TypeAlias

Counts: TypeAlias = "Sequence[tuple[int, int]]"
"""(value, count) by value, none empty."""

_NORMAL = NormalDist()


def score_of(level: float) -> float:
    """The normal score that chance exceeds with probability `level` (one-sided): 3.09 for 0.001."""
    return _NORMAL.inv_cdf(1 - level)


def greater(first: Counts, second: Counts) -> float:
    """P-value, one-sided, of `second` being greater than `first` by chance alone (Mann-Whitney). 1 without values."""
    sizes = sum(count for _, count in first), sum(count for _, count in second)
    if not all(sizes):
        return 1.0
    ours, theirs = dict(first), dict(second)
    below = wins = ties = 0.0
    for value in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(value, 0), theirs.get(value, 0)
        wins += other * (below + mine / 2)
        below += mine
        ties += (mine + other) ** 3 - (mine + other)
    n, m = sizes
    whole = n + m
    variance = n * m / 12 * (whole + 1 - ties / (whole * (whole - 1)))
    if variance <= 0:  # all values are one value
        return 1.0
    return 1 - _NORMAL.cdf((wins - n * m / 2 - 0.5) / math.sqrt(variance))


def rank_limits(size: int, share: float, score: float) -> tuple[int, int] | None:
    """Ranks (1 is the least) between which the quantile lies, each limit wrong by chance at `score`; None: too few."""
    middle, spread = size * share, score * math.sqrt(size * share * (1 - share))
    low, high = math.floor(middle - spread), math.ceil(middle + spread) + 1
    return (low, high) if low >= 1 and high <= size else None


def at_rank(counts: Counts, rank: int) -> int:
    """The value that stands there when all are lined up."""
    seen = 0
    for value, count in counts:
        seen += count
        if seen >= rank:
            return value
    raise ValueError("no such rank")


def share_greater(hits: int, size: int, more_hits: int, more_size: int) -> float:
    """P-value, one-sided, of `more_hits` of `more_size` by chance where `hits` of `size` were seen (Fisher)."""
    if not size or not more_size:
        return 1.0
    together, whole = hits + more_hits, size + more_size
    most = min(together, more_size)
    logs = [_log_of(k, together, more_size, whole) for k in range(more_hits, most + 1)]
    return min(1.0, sum(map(math.exp, logs)))


def _log_of(k: int, together: int, size: int, whole: int) -> float:
    """Log of the hypergeometric probability of k."""
    return _choose(together, k) + _choose(whole - together, size - k) - _choose(whole, size)


def _choose(n: int, k: int) -> float:
    if not 0 <= k <= n:
        return -math.inf
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def share_limits(hits: int, size: int, score: float) -> tuple[float, float]:
    """Wilson's limits (1927) of a share."""
    if not size:
        return 0.0, 1.0
    share, square = hits / size, score * score
    middle = (share + square / (2 * size)) / (1 + square / size)
    spread = score * math.sqrt(share * (1 - share) / size + square / (4 * size * size)) / (1 + square / size)
    return max(0.0, middle - spread), min(1.0, middle + spread)
