"""Counts requests into load figures, one at a time; memory grows with endpoints and tenants only."""

from __future__ import annotations

from dataclasses import dataclass, field

from replay.model.histogram import Histogram, bucket_of
from replay.model.load import Load, Series


@dataclass(slots=True)
class _Durations:
    counts: dict[int, int] = field(default_factory=dict)
    longest: float = 0.0

    def add(self, seconds: float) -> None:
        bucket = bucket_of(seconds)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        if seconds > self.longest:
            self.longest = seconds

    def histogram(self) -> Histogram:
        return Histogram.of(self.counts, self.longest)


@dataclass(slots=True)
class _Series:
    latency: _Durations = field(default_factory=_Durations)
    outcomes: dict[str, int] = field(default_factory=dict)


class Meter:
    """`add` every request that was sent; times in seconds, from any one start. `load` may be asked at any time."""

    def __init__(self) -> None:
        self._lag = _Durations()
        self._service = _Durations()
        self._series: dict[tuple[str, str], _Series] = {}
        self._seconds = 0.0

    def add(self, endpoint: str, tenant: str, outcome: str, intended: float, sent: float, ended: float) -> None:
        """`outcome`: a status, or a kind of fault."""
        self._lag.add(sent - intended)
        self._service.add(ended - sent)
        series = self._series.get((endpoint, tenant))
        if series is None:
            series = self._series[endpoint, tenant] = _Series()
        series.latency.add(ended - intended)
        series.outcomes[outcome] = series.outcomes.get(outcome, 0) + 1

    def took(self, seconds: float) -> None:
        """Requests were under way for so long (more)."""
        self._seconds += seconds

    def load(self) -> Load:
        return Load(
            self._seconds,
            self._lag.histogram(),
            self._service.histogram(),
            tuple(
                Series(endpoint, tenant, one.latency.histogram(), tuple(sorted(one.outcomes.items())))
                for (endpoint, tenant), one in sorted(self._series.items())
            ),
        )
