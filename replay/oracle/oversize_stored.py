"""Oversize stored: a body far beyond what clients send was accepted and kept.

Accepting alone is not the finding: many services read a large body and throw it away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation
from replay.model.evidence import Attempt, Evidence, Part, Trace
from replay.model.finding import Finding, Level, Proof, Severity
from replay.model.reading import Operation
from replay.model.tree import Tree
from replay.oracle.rowset import cell_bytes
from replay.oracle.subject import statuses, subject_of, victim_of

_KEPT_SHARE = 0.9  # of the sent bytes; escapes and keys are not stored


@dataclass(frozen=True, slots=True, repr=False)
class _Kept:
    attempt: Attempt
    where: str
    size_bytes: int
    in_rows: bool

    @property
    def holder(self) -> str:
        """The size is that of the whole row or answer, so it may be a little more than what was sent."""
        return f"the row of {self.where} holds" if self.in_rows else f"{self.where} holds"


@dataclass(frozen=True, slots=True)
class OversizeStored:
    """Oversize is at least `least_bytes` and `growth` times the clean request's body."""

    least_bytes: int = 1_000_000
    growth: float = 100.0  # so that an upload of megabytes may grow tenfold

    name: ClassVar[str] = "oversize-stored"
    judges: ClassVar[frozenset[Expectation]] = frozenset({Expectation.BOUNDED})
    needs: ClassVar[frozenset[str]] = frozenset()

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        clean = [attempt.request.body.length_bytes for control in evidence.controls for attempt in control.judged()]
        if not clean:
            return
        limit = max(self.least_bytes, int(max(clean) * self.growth))
        found = [kept for trace in evidence.mutated if (kept := _kept(evidence, trace, limit))]
        if not found:
            return
        worst = max(found, key=lambda kept: (kept.in_rows, kept.size_bytes))
        sent, status = worst.attempt.request.body.length_bytes, statuses((worst.attempt,))[0]
        yield subject_of(evidence).finding(
            self.name,
            "stored",
            severity=Severity.MEDIUM,
            level=Level.CONFIRMED if worst.in_rows else Level.PROBABLE,
            title="An oversized body is accepted and stored",
            expected=f"a body above {limit} bytes is refused with 413 or another 4xx "
            f"(clean requests send {max(clean)})",
            observed=f"answered {status} to {sent} bytes; {worst.holder} {worst.size_bytes}",
            tenant=victim_of((worst.attempt,)),
            proofs=(Proof("bytes", _sizes(worst, max(clean))),),
        )


def _kept(evidence: Evidence, trace: Trace, limit: int) -> _Kept | None:
    accepted = [
        attempt
        for attempt in trace.judged()
        if attempt.request.body.length_bytes >= limit and attempt.response is not None and attempt.response.is_success
    ]
    if not accepted:
        return None
    attempt = max(accepted, key=lambda one: one.request.body.length_bytes)
    wanted = int(attempt.request.body.length_bytes * _KEPT_SHARE)
    return _in_rows(trace, attempt, wanted) or _in_read_back(evidence, trace, attempt, wanted)


def _in_rows(trace: Trace, attempt: Attempt, wanted: int) -> _Kept | None:
    """One large cell, or many small rows that together hold as much."""
    sizes: dict[str, int] = {}
    for change in trace.changes or ():
        if change.operation is not Operation.DELETE:
            size = sum(cell_bytes(cell) for cell in change.row.values())
            sizes[change.entity] = sizes.get(change.entity, 0) + size
    if not sizes:
        return None
    entity = max(sizes, key=lambda name: sizes[name])
    return _Kept(attempt, entity, sizes[entity], in_rows=True) if sizes[entity] >= wanted else None


def _in_read_back(evidence: Evidence, trace: Trace, attempt: Attempt, wanted: int) -> _Kept | None:
    """A later answer as large as what was sent, where the same clean request is answered in few bytes."""
    for after in trace.attempts:
        if after.part is not Part.AFTER or after.response is None:
            continue
        size = after.response.body.length_bytes
        if size >= wanted and _usual_bytes(evidence, after.exchange_id) < wanted / 2:
            return _Kept(attempt, f"the answer of {after.endpoint}", size, in_rows=False)
    return None


def _usual_bytes(evidence: Evidence, exchange_id: str) -> int:
    sizes = [
        attempt.response.body.length_bytes
        for control in evidence.controls
        for attempt in control.attempts
        if attempt.exchange_id == exchange_id and attempt.response is not None
    ]
    return max(sizes, default=0)


def _sizes(kept: _Kept, clean: int) -> Tree:
    return {
        "clean request": clean,
        "sent": kept.attempt.request.body.length_bytes,
        "row holds" if kept.in_rows else "answer holds": kept.size_bytes,
        "where": kept.where,
    }
