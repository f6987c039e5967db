"""Gates: what a release may cost, in words, and whether it is proven that it costs more.

    p95 = "within 10%"        of the baseline
    p99 = "< 800ms"           at any endpoint, or at the one that the gate names
    error_rate = "< 0.5%"
    rows = "<= 3"             changed by one request

Rule: broken means that the release is over the limit *and* that chance does not explain it. A limit that too few
requests stand against is not kept, it is open.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from replay.baseline.chance import at_rank, rank_limits, score_of, share_limits
from replay.baseline.compare import LEAST_REQUESTS, Comparison, Delta, Verdict
from replay.baseline.measure import EndpointMeasure, Release
from replay.model.histogram import Histogram, seconds_of

METRICS = ("p50", "p90", "p95", "p99", "error_rate", "rows", "bytes")
RELATIVE = ("p50", "p95", "error_rate", "rows", "bytes")  # what two releases are compared by
_WORDS = re.compile(r"(?:(within)\s+|(<=?)\s*)(\d{1,9}(?:\.\d{1,6})?)\s*(%|ms|s|)")
_UNITS = {"%": 0.01, "ms": 0.001, "s": 1.0, "": 1.0}


@dataclass(frozen=True, slots=True)
class Gate:
    """`limit` in the metric's unit (seconds, share, rows, bytes); of the baseline's value when `is_relative`."""

    metric: str
    limit: float
    is_relative: bool
    words: str
    endpoint: str = ""  # empty: every one


class State(StrEnum):
    KEPT = "kept"
    BROKEN = "broken"
    OPEN = "open"  # too few requests to tell


@dataclass(frozen=True, slots=True)
class Answer:
    """One gate at one endpoint; `value` is what was measured."""

    gate: Gate
    endpoint: str
    value: float
    state: State


def gate_of(metric: str, words: str, endpoint: str = "") -> Gate | None:
    """None when the words say nothing that this metric has: `within` takes %, a latency ms or s, a rate %."""
    found = _WORDS.fullmatch(words.strip())
    if metric not in METRICS or found is None:
        return None
    within, _, number, unit = found.groups()
    limit = float(number) * _UNITS[unit]
    if within:
        return Gate(metric, limit, True, words, endpoint) if unit == "%" and metric in RELATIVE else None
    allowed = ("ms", "s") if metric.startswith("p") else ("%",) if metric == "error_rate" else ("",)
    return Gate(metric, limit, False, words, endpoint) if unit in allowed else None


def answers(gates: Sequence[Gate], comparison: Comparison, after: Release) -> tuple[Answer, ...]:
    """Every gate at every endpoint that it is for. A relative one is asked where both releases have the endpoint."""
    deltas = {(one.endpoint, one.metric): one for one in comparison.deltas}
    measured = after.endpoints
    score = score_of(comparison.level / max(1, len(gates) * len(measured)))
    found: list[Answer] = []
    for gate in gates:
        for name in _asked(gate, measured):
            delta = deltas.get((name, gate.metric))
            if not gate.is_relative:
                found.append(_absolute(gate, measured[name], score))
            elif delta is not None:
                found.append(_relative(gate, delta))
    return tuple(found)


def unmatched(gates: Iterable[Gate], after: Release) -> tuple[Gate, ...]:
    """Gates for an endpoint that was never asked: a typing error, or a route that is gone."""
    return tuple(one for one in gates if one.endpoint and one.endpoint not in after.endpoints)


def _asked(gate: Gate, measured: Iterable[str]) -> list[str]:
    return [name for name in sorted(measured) if gate.endpoint in ("", name)]


def _relative(gate: Gate, delta: Delta) -> Answer:
    over = delta.after > delta.before * (1 + gate.limit)
    if delta.verdict is Verdict.TOO_FEW:
        state = State.OPEN
    else:
        state = State.BROKEN if over and delta.verdict is Verdict.WORSE else State.KEPT
    return Answer(gate, delta.endpoint, delta.after, state)


def _absolute(gate: Gate, one: EndpointMeasure, score: float) -> Answer:
    """`least`: what the true value is at least, as far as chance allows."""
    if gate.metric.startswith("p"):
        value, least = _quantile(one.latency, int(gate.metric[1:]) / 100, score)
    elif gate.metric == "error_rate":
        value = one.error_rate
        least = share_limits(one.errors, one.requests, score)[0] if one.requests >= LEAST_REQUESTS else None
    else:
        amounts = one.rows if gate.metric == "rows" else one.answered
        value, least = amounts.mean, amounts.mean  # of all requests there were: nothing is estimated
        if not amounts.requests:
            return Answer(gate, one.endpoint, value, State.OPEN)
    if least is None:
        return Answer(gate, one.endpoint, value, State.OPEN)
    is_strict = gate.words.strip().startswith("<") and not gate.words.strip().startswith("<=")
    is_over = least >= gate.limit if is_strict else least > gate.limit
    return Answer(gate, one.endpoint, value, State.BROKEN if is_over else State.KEPT)


def _quantile(histogram: Histogram, share: float, score: float) -> tuple[float, float | None]:
    value, size = histogram.quantile(share), histogram.total
    if size < LEAST_REQUESTS or size * (1 - share) < 5:
        return value, None
    limits = rank_limits(size, share, score)
    low = limits[0] if limits else max(1, math.floor(size * share - score * math.sqrt(size * share * (1 - share))))
    return value, seconds_of(at_rank(histogram.counts, low))
