"""What one release cost at every endpoint: counts that add up, never averages of averages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from replay.model.histogram import Histogram


@dataclass(frozen=True, slots=True)
class Amounts:
    """How often a request took which amount (rows, bytes): (amount, count) by amount."""

    counts: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, amounts: Iterable[int]) -> Amounts:
        counts: dict[int, int] = {}
        for amount in amounts:
            counts[amount] = counts.get(amount, 0) + 1
        return cls(tuple(sorted(counts.items())))

    @property
    def requests(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def mean(self) -> float:
        """0 when nothing was measured."""
        return sum(amount * count for amount, count in self.counts) / (self.requests or 1)

    def plus(self, other: Amounts) -> Amounts:
        counts = dict(self.counts)
        for amount, count in other.counts:
            counts[amount] = counts.get(amount, 0) + count
        return Amounts(tuple(sorted(counts.items())))


@dataclass(frozen=True, slots=True)
class EndpointMeasure:
    """Unmutated requests to one endpoint. `rows`: rows changed in the database by a request that was judged alone.

    `latency` counts from when a request was due, in seconds; `errors` are faults and answers of 5xx.
    """

    endpoint: str
    latency: Histogram = Histogram()
    errors: int = 0
    sent_bytes: int = 0
    answered: Amounts = Amounts()  # bytes of an answer's body
    rows: Amounts = Amounts()

    @property
    def requests(self) -> int:
        return self.latency.total

    @property
    def error_rate(self) -> float:
        return self.errors / self.requests if self.requests else 0.0

    def plus(self, other: EndpointMeasure) -> EndpointMeasure:
        """Both, under this one's name."""
        return replace(
            self,
            latency=self.latency.plus(other.latency),
            errors=self.errors + other.errors,
            sent_bytes=self.sent_bytes + other.sent_bytes,
            answered=self.answered.plus(other.answered),
            rows=self.rows.plus(other.rows),
        )


@dataclass(frozen=True, slots=True)
class RunMeasure:
    """One run of a release."""

    run_id: str
    capture_id: str
    tool_version: str
    started: float  # seconds UTC
    endpoints: tuple[EndpointMeasure, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """A name, and the runs that were made of it: several show how much runs of one release differ by themselves."""

    name: str
    saved: float  # seconds UTC
    runs: tuple[RunMeasure, ...]

    @property
    def captures(self) -> frozenset[str]:
        """What was played: another capture asks other things, and asks them in another mix."""
        return frozenset(run.capture_id for run in self.runs)

    @property
    def endpoints(self) -> dict[str, EndpointMeasure]:
        """All runs added up, by endpoint."""
        found: dict[str, EndpointMeasure] = {}
        for run in self.runs:
            for one in run.endpoints:
                found[one.endpoint] = found[one.endpoint].plus(one) if one.endpoint in found else one
        return found

    def of(self, endpoint: str) -> tuple[EndpointMeasure, ...]:
        """The endpoint in each run that asked it."""
        return tuple(one for run in self.runs for one in run.endpoints if one.endpoint == endpoint)
