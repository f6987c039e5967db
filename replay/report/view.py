"""A finished (or stopped) run as plain values: what every renderer is given, whoever read it from where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from replay.model.difference import NoiseRule
from replay.model.finding import Finding, Level, NotJudged
from replay.model.run import Fidelity, RunInfo, Summary

_LEVELS = (Level.CONFIRMED, Level.PROBABLE, Level.INFO)


@dataclass(frozen=True, slots=True, repr=False)
class RunView:
    """`summary` and `fidelity` are None when the run stopped before they were known."""

    run: RunInfo
    summary: Summary | None = None
    fidelity: Fidelity | None = None
    findings: tuple[Finding, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    noise: tuple[NoiseRule, ...] = ()


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Cases without a verdict for one reason; `details` are distinct, in order of appearance."""

    reason: str
    count: int
    endpoints: tuple[str, ...]
    details: tuple[str, ...]


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """High before low, sure before unsure, then by endpoint: the same order in every format and run."""
    return tuple(
        sorted(
            findings,
            key=lambda one: (
                -one.severity.rank, _LEVELS.index(one.level), one.endpoint, one.method, one.oracle, one.fingerprint,
            ),
        )
    )  # fmt: skip


def count_reasons(not_judged: Iterable[NotJudged]) -> tuple[ReasonCount, ...]:
    """Grouped by reason, most frequent first."""
    groups: dict[str, list[NotJudged]] = {}
    for one in not_judged:
        groups.setdefault(one.reason, []).append(one)
    counted = [
        ReasonCount(
            reason,
            len(group),
            tuple(sorted({one.endpoint for one in group if one.endpoint})),
            tuple(dict.fromkeys(one.detail for one in group if one.detail)),
        )
        for reason, group in groups.items()
    ]
    return tuple(sorted(counted, key=lambda one: (-one.count, one.reason)))
