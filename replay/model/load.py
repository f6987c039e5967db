"""What a run asked of its target, and how the target bore it: latency, lag, throughput, errors.

Rule: latency counts from when a request *should* have been sent. A target that stalls holds later requests back;
counted from the real sending, those would look quick ("coordinated omission").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from replay.model.histogram import Histogram


@dataclass(frozen=True, slots=True)
class Series:
    """Requests to one endpoint by one tenant (empty: nobody's). `outcomes`: (status or kind of fault, count)."""

    endpoint: str
    tenant: str
    latency: Histogram
    outcomes: tuple[tuple[str, int], ...] = ()

    @property
    def requests(self) -> int:
        return self.latency.total

    @property
    def errors(self) -> int:
        """Faults and answers of 5xx."""
        return sum(count for name, count in self.outcomes if not name.isdigit() or name[0] == "5")

    def plus(self, other: Series) -> Series:
        """Counts of both, under this one's names."""
        outcomes = dict(self.outcomes)
        for name, count in other.outcomes:
            outcomes[name] = outcomes.get(name, 0) + count
        return replace(self, latency=self.latency.plus(other.latency), outcomes=tuple(sorted(outcomes.items())))


@dataclass(frozen=True, slots=True)
class Load:
    """Everything that was sent. `seconds`: how long requests were under way; `lag`: sent minus intended.

    `service`: from the real sending to the end of the answer, which is what most tools call latency.
    """

    seconds: float = 0.0
    lag: Histogram = Histogram()
    service: Histogram = Histogram()
    series: tuple[Series, ...] = ()

    @property
    def requests(self) -> int:
        return self.lag.total

    @property
    def total(self) -> Series:
        """All of it as one series."""
        whole = Series("", "", Histogram())
        for one in self.series:
            whole = whole.plus(one)
        return whole

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds if self.seconds > 0 else 0.0

    def by_endpoint(self) -> tuple[Series, ...]:
        """One series for each endpoint, whoever asked; by name."""
        return _grouped(replace(one, tenant="") for one in self.series)

    def by_tenant(self) -> tuple[Series, ...]:
        """One series for each tenant, whatever it asked; by name."""
        return _grouped(replace(one, endpoint="") for one in self.series)

    def plus(self, other: Load, *, side_by_side: bool) -> Load:
        """Both: of workers that ran side by side, or of one run after the other."""
        return Load(
            max(self.seconds, other.seconds) if side_by_side else self.seconds + other.seconds,
            self.lag.plus(other.lag),
            self.service.plus(other.service),
            _grouped((*self.series, *other.series)),
        )


def _grouped(series: Iterable[Series]) -> tuple[Series, ...]:
    found: dict[tuple[str, str], Series] = {}
    for one in series:
        key = (one.endpoint, one.tenant)
        found[key] = found[key].plus(one) if key in found else one
    return tuple(found[key] for key in sorted(found))
