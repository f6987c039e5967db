"""Rejected but wrote: the request was refused with 4xx, and yet its rows are in the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation
from replay.model.evidence import Evidence, Trace
from replay.model.finding import Finding, Level, Proof, Severity
from replay.model.reading import Operation, RowChange
from replay.oracle.canonical import values_sent
from replay.oracle.rowset import (
    JOURNALS,
    Effect,
    effects,
    is_journal,
    is_usual,
    noted,
    shown_change,
    tells_other_outcome,
)
from replay.oracle.subject import statuses, subject_of, victim_of

_ROWS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class RejectedButWrote:
    """Only what an accepted clean request does counts as its effect; `journals` take notes of refusals as well."""

    journals: tuple[str, ...] = JOURNALS

    name: ClassVar[str] = "rejected-but-wrote"
    judges: ClassVar[frozenset[Expectation]] = frozenset({Expectation.BOUNDED, Expectation.AT_MOST_ONCE})
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        if len(evidence.controls) < 2 or not all(_is_accepted(control) for control in evidence.controls):
            return
        notes = noted(evidence.controls)
        usual = {
            effect
            for effect in effects(evidence.controls)
            if effect[0] not in notes and not is_journal(effect[0], self.journals)
        }
        found = [(trace, rows) for trace in evidence.mutated if (rows := _written(evidence, trace, usual))]
        if not found:
            return
        trace, rows = max(found, key=lambda one: len(one[1]))
        is_whole = {(row.entity, row.operation) for row in rows} == usual
        names = ", ".join(dict.fromkeys(f"{row.operation} {row.entity}" for row in rows))
        answers = statuses(trace.judged())
        yield subject_of(evidence).finding(
            self.name,
            "rows",
            severity=Severity.HIGH,
            level=Level.CONFIRMED if is_whole else Level.PROBABLE,
            title="A refused request left its rows in the database",
            expected="no row changes when every copy is refused",
            observed=f"answered {', '.join(answers)}; rows: {names}",
            tenant=victim_of(trace.judged()),
            proofs=(Proof("rows", [shown_change(row) for row in rows[:_ROWS_SHOWN]]), Proof("answers", list(answers))),
        )


def _is_accepted(control: Trace) -> bool:
    judged = control.judged()
    return bool(judged) and all(attempt.response is not None and attempt.response.is_success for attempt in judged)


def _written(evidence: Evidence, trace: Trace, usual: set[Effect]) -> list[RowChange]:
    """The rows of the usual effect, when all judged attempts were refused.

    Updates alone (a counter of failures) count only where the clean request does nothing else, and to the same columns.
    """
    judged = trace.judged()
    if not judged or not all(400 <= attempt.status < 500 for attempt in judged):
        return []
    sent = values_sent(attempt.request for control in evidence.controls for attempt in control.judged())
    rows = [
        change
        for change in trace.changes or ()
        if (change.entity, change.operation) in usual
        and is_usual(change, evidence.controls)
        and not tells_other_outcome(change, evidence.controls, sent)
    ]
    has_strong = any(operation is not Operation.UPDATE for _, operation in usual)
    if has_strong and all(row.operation is Operation.UPDATE for row in rows):
        return []
    return rows
