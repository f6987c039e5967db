"""A finished (or stopped) run as plain values: what every renderer is given, whoever read it from where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from replay.model.difference import Coverage, NoiseRule
from replay.model.finding import Finding, Level, NotJudged
from replay.model.load import Load
from replay.model.remains import Remains
from replay.model.run import Fidelity, RunInfo, Summary
from replay.model.tree import Tree
from replay.report.detail import Detail

_LEVELS = (Level.CONFIRMED, Level.PROBABLE, Level.INFO)


@dataclass(frozen=True, slots=True, repr=False)
class Accepted:
    """A finding that people live with until a day. `finding` None: it was not found any more; `is_over`: it counts."""

    fingerprint: str
    reason: str
    until: date
    finding: Finding | None = None
    is_over: bool = False

    @property
    def state(self) -> str:
        if self.finding is None:
            return "not found any more: take it out of the file"
        return "over: it counts again" if self.is_over else "accepted"


@dataclass(frozen=True, slots=True, repr=False)
class RunView:
    """`summary` and `fidelity` are None when the run stopped before they were known."""

    run: RunInfo
    summary: Summary | None = None
    fidelity: Fidelity | None = None
    findings: tuple[Finding, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    noise: tuple[NoiseRule, ...] = ()
    load: Load = Load()
    remains: tuple[Remains, ...] = ()  # in the target, where cleanup was asked for
    compared: tuple[Coverage, ...] = ()  # how closely, by endpoint
    accepted: tuple[Accepted, ...] = ()  # reviewed, and no longer among the findings (but for those that are over)
    detail: Detail | None = None  # only for formats that show evidence


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Cases without a verdict for one reason; `details` are distinct, in order of appearance."""

    reason: str
    count: int
    endpoints: tuple[str, ...]
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the cases, each counted once, and of the findings, of which one case may have several.

    `beyond` are verdicts that were not given outside of the played cases: the clean replays, cases never played.
    """

    cases: int
    clean: int
    not_judged: int
    beyond: int
    findings: int
    in_cases: int

    @property
    def with_findings(self) -> int:
        return max(0, self.cases - self.clean - self.not_judged)

    def of_cases(self) -> str:
        """Without the number of cases; empty for a run that has none."""
        if not self.cases:
            return f"{self.beyond} not judged" if self.beyond else ""
        text = f"{self.clean} clean, {self.with_findings} with findings, {self.not_judged} not judged"
        return f"{text}; {self.beyond} not judged outside of them" if self.beyond else text

    def of_findings(self) -> str:
        """`13 (6 in clean replays, 7 in cases)`."""
        if not self.cases or not self.findings:
            return str(self.findings)
        return f"{self.findings} ({self.findings - self.in_cases} in clean replays, {self.in_cases} in cases)"


def tally_of(summary: Summary, findings: Iterable[Finding], not_judged: Iterable[NotJudged]) -> Tally:
    """The summary's numbers, told apart by what the findings and the missing verdicts belong to."""
    lost = min(len({one.case_id for one in not_judged if one.case_id}), summary.cases - summary.clean)
    in_cases = sum(1 for one in findings if one.case_id)
    return Tally(
        cases=summary.cases,
        clean=summary.clean,
        not_judged=lost,
        beyond=max(0, summary.not_judged - lost),
        findings=summary.findings,
        in_cases=min(in_cases, summary.findings),
    )


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


def names_of(finding: Finding) -> dict[str, Tree]:
    """What a finding is called, in every format that is a tree."""
    return {
        "fingerprint": finding.fingerprint,
        "oracle": finding.oracle,
        "mutator": finding.mutator,
        "severity": finding.severity.value,
        "level": finding.level.value,
        "endpoint": finding.endpoint,
        "method": finding.method,
        "title": finding.title,
    }
