"""Releases compared, for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from replay.baseline.compare import Comparison, Delta
from replay.baseline.gates import Answer, Gate
from replay.model.tree import Tree

NOT_ASKED = "not asked"  # a gate for an endpoint that no request went to


def figure(metric: str, value: float) -> str:
    """In the metric's unit."""
    if metric.startswith("p"):
        return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"
    if metric == "error_rate":
        return f"{value * 100:.3g} %"
    return f"{value:.4g}"


def delta_rows(deltas: Iterable[Delta]) -> list[tuple[str, ...]]:
    """Endpoint, metric, before, after, change, verdict, chance."""
    return [
        (
            one.endpoint,
            one.metric,
            figure(one.metric, one.before),
            figure(one.metric, one.after),
            "new" if one.ratio is None else f"{(one.ratio - 1) * 100:+.1f} %",
            str(one.verdict),
            f"{one.p:.1g}" if one.p >= 1e-12 else "none",
        )
        for one in deltas
    ]


def gate_rows(judged: Iterable[Answer], lost: Iterable[Gate]) -> list[tuple[str, ...]]:
    """Gate, endpoint, measured, state."""
    found: list[tuple[str, ...]] = [
        (f"{one.gate.metric} {one.gate.words}", one.endpoint, figure(one.gate.metric, one.value), str(one.state))
        for one in judged
    ]
    return found + [(f"{one.metric} {one.words}", one.endpoint, "", NOT_ASKED) for one in lost]


def comparison_tree(comparison: Comparison, judged: Sequence[Answer], lost: Sequence[Gate]) -> Tree:
    """Latencies in seconds."""
    return {
        "before": comparison.before,
        "after": comparison.after,
        "level": comparison.level,
        "deltas": [delta_tree(one) for one in comparison.deltas],
        "only_before": list(comparison.only_before),
        "only_after": list(comparison.only_after),
        "gates": [
            *(_gate_tree(one.gate, one.endpoint, one.value, str(one.state)) for one in judged),
            *(_gate_tree(one, one.endpoint, None, NOT_ASKED) for one in lost),
        ],
    }


def _gate_tree(gate: Gate, endpoint: str, measured: float | None, state: str) -> Tree:
    return {"metric": gate.metric, "words": gate.words, "endpoint": endpoint, "measured": measured, "state": state}


def delta_tree(one: Delta) -> Tree:
    return {
        "endpoint": one.endpoint,
        "metric": one.metric,
        "before": one.before,
        "after": one.after,
        "verdict": str(one.verdict),
        "p": one.p,
    }
