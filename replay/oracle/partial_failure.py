"""Partial failure: the client went away, and a part of its request's effect is in the database without the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation
from replay.model.evidence import Evidence
from replay.model.finding import Finding, Level, Proof, Severity
from replay.model.tree import Tree
from replay.oracle.broken_off import part_done
from replay.oracle.rowset import JOURNALS, Effect, shown_change
from replay.oracle.subject import plural, statuses, subject_of, victim_of

_ROWS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PartialFailure:
    """All of the effect or nothing of it; `journals` take notes of every attempt and are no part of it."""

    journals: tuple[str, ...] = JOURNALS

    name: ClassVar[str] = "partial-failure"
    judges: ClassVar[frozenset[Expectation]] = frozenset({Expectation.WHOLE})
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        if len(evidence.controls) < 2:
            return
        parts = ((trace, *part_done(evidence, trace, self.journals)) for trace in evidence.mutated)
        found = [one for one in parts if one[1]]
        if not found:
            return
        trace, wanted, seen = found[0]
        rows: list[Tree] = [
            shown_change(change) for change in trace.changes or () if seen[change.entity, change.operation]
        ]
        yield subject_of(evidence).finding(
            self.name,
            "rows",
            severity=Severity.HIGH,
            level=Level.CONFIRMED if len(found) > 1 else Level.PROBABLE,
            title=f"A request that broke off is stored in part: {_missing(wanted, seen)} missing",
            expected=f"all of it ({_counted(wanted, wanted)}) or nothing",
            observed=f"{_counted(wanted, seen)}, in {len(found)} of {plural(len(evidence.mutated), 'round')}",
            tenant=victim_of(trace.judged()),
            proofs=(
                Proof("rows that are there", rows[:_ROWS_SHOWN]),
                Proof("how it broke off", list(statuses(trace.judged()))),
            ),
        )


def _counted(wanted: dict[Effect, int], counts: dict[Effect, int]) -> str:
    return ", ".join(f"{counts.get(effect, 0)} {effect[1]} {effect[0]}" for effect in wanted)


def _missing(wanted: dict[Effect, int], seen: Counter[Effect]) -> str:
    return ", ".join(entity for (entity, operation), count in wanted.items() if seen[entity, operation] < count)
