"""Pictures of latency, of the course of a run and of schedule lag, as coordinates that a template draws.

Rule: a quantile beyond the number of requests is the longest of them, and is said to be so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from replay.model.histogram import Histogram, seconds_of
from replay.store.run_figures import KINDS, Figures, Slice

_SHARES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999))
_BAR = 300  # units of width of a bar's box
_FASTEST = 0.0005  # seconds at the left edge of the logarithmic scale
_COURSE = 960
_MOST_ENDPOINTS = 60  # with the most requests


@dataclass(frozen=True, slots=True, repr=False)
class Bar:
    """From p50 to p99.9 on a logarithmic scale; `marks` are the x of p50, p90, p99, p99.9."""

    kind: str
    requests: int
    marks: tuple[float, ...]
    texts: tuple[str, ...]  # p50, p90, p99, p99.9, longest
    is_few: bool  # fewer than 1000 requests: p99.9 is the longest


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    endpoint: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Latencies:
    """`ticks`: (x, text) of the common scale; `left_out` endpoints are not shown."""

    endpoints: tuple[Endpoint, ...]
    ticks: tuple[tuple[float, str], ...]
    left_out: int
    width: int = _BAR


@dataclass(frozen=True, slots=True, repr=False)
class Panel:
    """One line of the course: columns (x, y, width, height), or a line of points."""

    title: str
    most: str
    columns: tuple[tuple[float, float, float, float], ...] = ()
    line: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Course:
    panels: tuple[Panel, ...]
    ticks: tuple[tuple[float, str], ...]
    width: int = _COURSE
    height: int = 72


@dataclass(frozen=True, slots=True, repr=False)
class Lag:
    """How late requests were sent: (text of the range, requests, width of the bar)."""

    steps: tuple[tuple[str, int, float], ...]
    width: int = _BAR


def latencies_of(figures: Figures) -> Latencies:
    """Every endpoint on one scale, those with the most requests first."""
    by_endpoint: dict[str, dict[str, Histogram]] = {}
    for one in figures.latencies:
        by_endpoint.setdefault(one.endpoint, {})[one.kind] = one.times
    ranked = sorted(by_endpoint.items(), key=lambda one: (-sum(h.total for h in one[1].values()), one[0]))
    shown = ranked[:_MOST_ENDPOINTS]
    slowest = max((h.longest for _, kinds in shown for h in kinds.values()), default=0.0)
    scale = _Scale(slowest)
    endpoints = tuple(
        Endpoint(name, tuple(_bar(kind, kinds[kind], scale) for kind in KINDS if kind in kinds))
        for name, kinds in shown
    )
    return Latencies(endpoints, scale.ticks(), len(ranked) - len(shown))


def course_of(figures: Figures) -> Course:
    """Rate, failures and latency over the time of the run."""
    slices, width = figures.slices, figures.slice_seconds
    if not slices or width <= 0:
        return Course((), ())
    rates = [one.requests / width for one in slices]
    errors = [one.errors / width for one in slices]
    total, failed = sum(one.requests for one in slices), sum(one.errors for one in slices)
    slow = [one.latency.quantile(0.99) for one in slices]
    panels = (
        _columns("Requests per second", rates, f"; {total:,} requests"),
        _columns("Faults and 5xx per second", errors, f"; {failed:,} of {total:,} requests failed"),
        _line("p99 of latency, from when each was due", slow, slices),
    )
    ticks = tuple((n * _COURSE / 6, _duration(n * figures.seconds / 6)) for n in range(7))
    return Course(panels, ticks)


def lag_of(lag: Histogram) -> Lag:
    """By powers of ten, from below a millisecond on."""
    edges = (0.001, 0.01, 0.1, 1.0, math.inf)
    names = ("below 1 ms", "1 to 10 ms", "10 to 100 ms", "0.1 to 1 s", "1 s and more")
    counts = [0] * len(edges)
    for bucket, count in lag.counts:
        seconds = seconds_of(bucket)
        counts[next(n for n, edge in enumerate(edges) if seconds < edge)] += count
    most = max(counts, default=0) or 1
    return Lag(tuple((name, n, round(_BAR * n / most, 1)) for name, n in zip(names, counts, strict=True)))


def duration(seconds: float) -> str:
    if seconds >= 10:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.{2 if seconds < 0.01 else 1 if seconds < 0.1 else 0}f} ms"


class _Scale:
    def __init__(self, slowest: float) -> None:
        self._decades = max(1, math.ceil(math.log10(max(slowest, _FASTEST * 10) / _FASTEST)))

    def x(self, seconds: float) -> float:
        share = math.log10(max(seconds, _FASTEST) / _FASTEST) / self._decades
        return round(_BAR * min(1.0, share), 1)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        times = [0.001 * 10**n for n in range(self._decades + 1)]
        return tuple(
            (self.x(one), f"{one:g} s" if one >= 1 else f"{one * 1000:g} ms") for one in times[: self._decades]
        )


def _bar(kind: str, times: Histogram, scale: _Scale) -> Bar:
    values = [times.quantile(share) for _, share in _SHARES]
    texts = [duration(one) for one in (*values, times.longest)]
    return Bar(kind, times.total, tuple(scale.x(one) for one in values), tuple(texts), times.total < 1000)


def _columns(title: str, values: Sequence[float], says: str) -> Panel:
    most = max(values, default=0.0)
    step = _COURSE / len(values)
    height = [round(64 * one / most, 1) if most else 0.0 for one in values]
    columns = tuple((round(n * step, 1), round(68 - h, 1), round(step - 1, 1), h) for n, h in enumerate(height) if h)
    return Panel(title, f"{most:.1f}/s at most", columns, says=says)


def _line(title: str, values: Sequence[float], slices: Sequence[Slice]) -> Panel:
    most = max(values, default=0.0)
    step = _COURSE / len(values)
    points = [
        f"{(n + 0.5) * step:.1f},{68 - 64 * one / most:.1f}"
        for n, one in enumerate(values)
        if slices[n].requests and most
    ]
    return Panel(title, f"{duration(most)} at most", line=" ".join(points))


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"
