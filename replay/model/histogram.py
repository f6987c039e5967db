"""Durations counted in buckets that grow with the value: any quantile within 1 %, and any two can be added up.

    below 128 µs every microsecond has a bucket; above, every doubling has 64

A quantile is the middle of its bucket, at most 1/128 of the value off (0.8 %). Counts add up exactly: the histogram of
several workers is the histogram of all their requests (quantiles of quantiles would not be).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_SUB_BITS = 6  # 64 buckets to a doubling
_LINEAR = 2 << _SUB_BITS
_US = 1_000_000
_LONGEST_SECONDS = (1 << 40) / _US  # 12 days


def bucket_of(seconds: float) -> int:
    """The bucket of a duration. What is below 0 (or no number) counts as 0, what is longer than 12 days as that."""
    if not seconds > 0:
        return 0
    value = int(min(seconds, _LONGEST_SECONDS) * _US)
    if value < _LINEAR:
        return value
    shift = value.bit_length() - _SUB_BITS - 1
    return (shift << _SUB_BITS) + (value >> shift)


def seconds_of(bucket: int) -> float:
    """The middle of a bucket."""
    if bucket < _LINEAR:
        return (bucket + 0.5) / _US if bucket else 0.0
    shift = (bucket >> _SUB_BITS) - 1
    return (((bucket - (shift << _SUB_BITS)) << shift) + (1 << shift) / 2) / _US


@dataclass(frozen=True, slots=True)
class Histogram:
    """`counts`: (bucket, count) by bucket, none empty. `longest` is exact, in seconds."""

    counts: tuple[tuple[int, int], ...] = ()
    longest: float = 0.0

    @classmethod
    def of(cls, counts: Mapping[int, int], longest: float) -> Histogram:
        return cls(tuple(sorted(counts.items())), max(0.0, longest))

    @classmethod
    def of_durations(cls, durations: Iterable[float]) -> Histogram:
        counts: dict[int, int] = {}
        longest = 0.0
        for seconds in durations:
            bucket = bucket_of(seconds)
            counts[bucket] = counts.get(bucket, 0) + 1
            longest = max(longest, seconds)
        return cls.of(counts, longest)

    @property
    def total(self) -> int:
        return sum(count for _, count in self.counts)

    def quantile(self, share: float) -> float:
        """Seconds that this share (0..1) of all durations does not exceed; 0 when there are none."""
        rank = share * self.total
        seen = 0
        for bucket, count in self.counts:
            seen += count
            if seen >= rank:
                return min(seconds_of(bucket), self.longest)
        return 0.0

    def plus(self, other: Histogram) -> Histogram:
        counts = dict(self.counts)
        for bucket, count in other.counts:
            counts[bucket] = counts.get(bucket, 0) + count
        return Histogram.of(counts, max(self.longest, other.longest))
