"""Server error: a mutated request is answered 5xx, or not at all, where clean requests are answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation
from replay.model.evidence import Attempt, Evidence, Role, Trace
from replay.model.exchange import FaultKind
from replay.model.finding import Finding, Level, Proof, Severity
from replay.oracle.subject import statuses, subject_of, victim_of

_CRASHES = frozenset({FaultKind.RESET, FaultKind.PROTOCOL})


@dataclass(frozen=True, slots=True)
class ServerError:
    """`large_bytes`: above it a reset is no crash; servers answer 413 early and close while we still send."""

    large_bytes: int = 65_536

    name: ClassVar[str] = "server-error"
    judges: ClassVar[frozenset[Expectation]] = frozenset(Expectation)
    needs: ClassVar[frozenset[str]] = frozenset()

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        if evidence.case is None or not evidence.controls or not all(map(_is_sound, evidence.controls)):
            return
        found = [(trace, failed) for trace in evidence.mutated if (failed := self._failed(trace))]
        if not found:
            return
        trace, failed = max(found, key=lambda one: len(one[1]))
        is_loser = bool(evidence.of(Role.SERIAL)) and len(failed) < len(trace.judged())
        is_fault = any(attempt.fault for attempt in failed)
        yield subject_of(evidence).finding(
            self.name,
            "no-answer" if is_fault else "5xx",
            severity=Severity.LOW if is_loser else Severity.HIGH if is_fault else Severity.MEDIUM,
            level=Level.CONFIRMED if len(found) > 1 else Level.PROBABLE,
            title="A copy that loses a race is answered with a server error" if is_loser
            else "A mutated request ends in a server error",
            expected="a success, or a refusal with 4xx",
            observed=f"{', '.join(statuses(failed))}, in {len(found)} of {len(evidence.mutated)} rounds",
            tenant=victim_of(failed),
            proofs=(
                Proof("answers to the copies", list(statuses(trace.judged()))),
                Proof("answers to clean requests", [s for one in evidence.controls for s in statuses(one.judged())]),
            ),
        )  # fmt: skip

    def _failed(self, trace: Trace) -> tuple[Attempt, ...]:
        return tuple(attempt for attempt in trace.judged() if self._is_failure(attempt))

    def _is_failure(self, attempt: Attempt) -> bool:
        if attempt.fault is not None:
            return attempt.fault.kind in _CRASHES and attempt.request.body.length_bytes <= self.large_bytes
        if attempt.status < 500:
            return False
        says_later = attempt.response is not None and "retry-after" in attempt.response.headers
        return not (attempt.status == 503 and says_later)


def _is_sound(control: Trace) -> bool:
    judged = control.judged()
    return bool(judged) and all(0 < attempt.status < 500 for attempt in judged)
