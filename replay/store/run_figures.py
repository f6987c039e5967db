"""Figures of a whole run file for pictures: latency by endpoint, the course of the run, who was sent as whom.

One pass over the attempts, in the order in which they were written; memory grows with endpoints, tenants and slices.

Rule: a latency counts from when a request was due (see `model.load`). A recorded one has no such time and counts from
its sending.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from replay.model.evidence import Part, Role
from replay.model.exchange import FaultKind
from replay.model.histogram import Histogram, bucket_of

SLICES = 120  # of the course of a run: what a picture of 960 points can show
_SENT = """
SELECT trace_id, endpoint, coalesce(tenant, ''), coalesce(sent_as_tenant, ''), part, status, intended, sent, ended
FROM attempt WHERE coalesce(fault, '') <> ? ORDER BY id
"""
_SPANS = "SELECT trace_id, min(sent), max(ended) FROM attempt GROUP BY trace_id"
_TRACES = """
SELECT trace.id, trace.role, coalesce(min(evidence.case_id), ''), {unit}
FROM trace LEFT JOIN evidence ON evidence.trace_id = trace.id GROUP BY trace.id ORDER BY trace.id
"""
RECORDED, CLEAN, MUTATED, SETUP = "recorded", "clean", "mutated", "set-up"
KINDS = (RECORDED, CLEAN, MUTATED)
_CHANGED = frozenset({str(Role.MUTATED), str(Role.CONFIRM), str(Role.SERIAL)})


@dataclass(frozen=True, slots=True)
class Latency:
    """Of one endpoint: as recorded, in clean replays and controls, and of what a mutation changed."""

    endpoint: str
    kind: str
    times: Histogram


@dataclass(frozen=True, slots=True)
class Slice:
    """`requests` that were sent in so many seconds from `start` on, and how many of them failed (fault or 5xx)."""

    start: float
    requests: int
    errors: int
    latency: Histogram


@dataclass(frozen=True, slots=True)
class Crossing:
    """Mutated requests of a tenant's session, sent with a tenant's credentials (empty: nobody's), by their answers."""

    owner: str
    sent_as: str
    succeeded: int  # 2xx, 3xx
    refused: int  # 4xx
    failed: int  # 5xx and faults


@dataclass(frozen=True, slots=True)
class Sent:
    """What one endpoint of the target was asked, by purpose."""

    endpoint: str
    clean: int
    setup: int
    mutated: int


@dataclass(frozen=True, slots=True)
class Figures:
    seconds: float = 0.0  # from the first sending to the last answer, traces in a row
    slice_seconds: float = 0.0
    latencies: tuple[Latency, ...] = ()
    slices: tuple[Slice, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    sent: tuple[Sent, ...] = ()


@dataclass(slots=True)
class _Times:
    counts: dict[int, int] = field(default_factory=dict)
    longest: float = 0.0

    def add(self, bucket: int, seconds: float) -> None:
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        if seconds > self.longest:
            self.longest = seconds

    def histogram(self) -> Histogram:
        return Histogram.of(self.counts, self.longest)


@dataclass(slots=True)
class _Slice:
    requests: int = 0
    errors: int = 0
    latency: _Times = field(default_factory=_Times)


@dataclass(frozen=True, slots=True)
class _Place:
    """Of one trace: what its requests are, and where its first one lies in the course of the run."""

    role: str
    is_of_case: bool
    offset: float


class _Count:
    def __init__(self, places: dict[int, _Place], seconds: float) -> None:
        self._places = places
        self._seconds = seconds
        self._width = seconds / SLICES if seconds > 0 else 1.0
        self._latencies: dict[tuple[str, str], _Times] = {}
        self._slices: dict[int, _Slice] = {}
        self._crossings: dict[tuple[str, str], list[int]] = {}
        self._sent: dict[str, dict[str, int]] = {}

    def add(self, row: tuple[Any, ...]) -> None:
        trace_id, endpoint, tenant, sent_as, part, status, intended, sent, ended = row
        place = self._places[trace_id]
        if place.role == Role.RECORDED:
            if not place.is_of_case:  # cases repeat parts of the same recording
                self._latency(endpoint, RECORDED, bucket_of(ended - sent), ended - sent)
            return
        is_judged = part == Part.JUDGED
        kind = MUTATED if place.role in _CHANGED and is_judged else CLEAN
        seconds = ended - intended
        bucket = bucket_of(seconds)
        self._latency(endpoint, kind, bucket, seconds)
        purposes = self._sent.setdefault(endpoint, {CLEAN: 0, SETUP: 0, MUTATED: 0})
        purposes[kind if is_judged else SETUP] += 1
        is_error = status is None or status >= 500
        number = min(SLICES - 1, max(0, int((place.offset + sent) / self._width)))
        one = self._slices.get(number)
        if one is None:
            one = self._slices[number] = _Slice()
        one.requests += 1
        one.errors += is_error
        one.latency.add(bucket, seconds)
        if kind is MUTATED:
            counts = self._crossings.setdefault((tenant, sent_as), [0, 0, 0])
            counts[2 if is_error else 1 if status >= 400 else 0] += 1

    def _latency(self, endpoint: str, kind: str, bucket: int, seconds: float) -> None:
        times = self._latencies.get((endpoint, kind))
        if times is None:
            times = self._latencies[endpoint, kind] = _Times()
        times.add(bucket, seconds)

    def figures(self) -> Figures:
        found = sorted(self._latencies.items(), key=lambda one: (one[0][0], KINDS.index(one[0][1])))
        empty = _Slice()
        slices = [(n, self._slices.get(n, empty)) for n in range(SLICES)] if self._slices else []
        return Figures(
            self._seconds,
            self._width,
            tuple(Latency(endpoint, kind, times.histogram()) for (endpoint, kind), times in found),
            tuple(Slice(n * self._width, one.requests, one.errors, one.latency.histogram()) for n, one in slices),
            tuple(Crossing(*tenants, *counts) for tenants, counts in sorted(self._crossings.items())),
            tuple(Sent(name, one[CLEAN], one[SETUP], one[MUTATED]) for name, one in sorted(self._sent.items())),
        )


def figures_of(connection: sqlite3.Connection, parts: int) -> Figures:
    """`parts`: run files that were merged into this one; they ran side by side."""
    places, seconds = _places(connection, parts)
    count = _Count(places, seconds)
    for row in connection.execute(_SENT, (str(FaultKind.WITHHELD),)):
        count.add(row)
    return count.figures()


def _places(connection: sqlite3.Connection, parts: int) -> tuple[dict[int, _Place], float]:
    """Traces in a row, each from where the one before it ended; a copy beside the clean replay lies beside it."""
    spans = {trace_id: (first, last) for trace_id, first, last in connection.execute(_SPANS)}
    ends: dict[str, float] = {}  # by part
    begins: dict[str, float] = {}  # of the trace that copies lie beside
    places = {}
    for trace_id, role, part, is_of_case in _traces(connection, parts):
        first, last = spans.get(trace_id, (0.0, 0.0))
        if role == Role.RECORDED:
            places[trace_id] = _Place(role, is_of_case, 0.0)
            continue
        if role != Role.LOAD:
            begins[part] = ends.get(part, 0.0)
        begin = begins.get(part, 0.0)
        ends[part] = max(ends.get(part, 0.0), begin + last - first)
        places[trace_id] = _Place(role, is_of_case, begin - first)
    return places, max(ends.values(), default=0.0)


def _traces(connection: sqlite3.Connection, parts: int) -> Iterator[tuple[int, str, str, bool]]:
    unit = "coalesce(min(evidence.unit), '')" if parts > 1 else "''"  # version 1 has no units, and no parts either
    for trace_id, role, case_id, name in connection.execute(_TRACES.format(unit=unit)):
        yield trace_id, role, name.rpartition("@")[2], bool(case_id)
