"""Idempotency: a key means one request of one client, and a request that broke off can be sent again under it.

    same key, other body       the second payload is acknowledged and stored nowhere
    same key, other tenant     the answer is the first tenant's, or the key is refused because somebody else used it
    same key, other endpoint   the first endpoint's answer comes back
    broken off, sent again     refused for good, or acknowledged, and nothing is stored

More rows than one request makes are `duplicate-rows`' business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation
from replay.model.evidence import Evidence, Trace
from replay.model.finding import Finding, Level, Proof, Severity
from replay.oracle.broken_off import without_effect
from replay.oracle.key_meaning import Breach, of_other_body, of_other_endpoint, of_other_tenant
from replay.oracle.rowset import JOURNALS
from replay.oracle.subject import plural, statuses, subject_of, victim_of

_RULES: dict[str, Callable[[Trace], Breach | None]] = {
    "other-body": of_other_body,
    "other-tenant": of_other_tenant,
    "other-endpoint": of_other_endpoint,
}


@dataclass(frozen=True, slots=True)
class Idempotency:
    """`journals`: tables (shell patterns) that take notes of every attempt: a row there is no effect."""

    journals: tuple[str, ...] = JOURNALS

    name: ClassVar[str] = "idempotency"
    judges: ClassVar[frozenset[Expectation]] = frozenset({Expectation.AT_MOST_ONCE, Expectation.KEY_HONOURED})
    needs: ClassVar[frozenset[str]] = frozenset()

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        if evidence.case is None or len(evidence.controls) < 2:
            return
        found = [(trace, breach) for trace in evidence.mutated if (breach := self._breach(evidence, trace))]
        if not found:
            return
        trace, breach = found[0]
        copies = trace.judged()
        yield subject_of(evidence).finding(
            self.name,
            breach.kind,
            severity=Severity.HIGH if breach.is_grave else Severity.MEDIUM,
            level=Level.CONFIRMED if len(found) > 1 and breach.is_sure else Level.PROBABLE,
            title=breach.title,
            expected=breach.expected,
            observed=f"{breach.observed}, in {len(found)} of {plural(len(evidence.mutated), 'round')}",
            tenant=victim_of(copies),
            proofs=(Proof("answers", list(statuses(copies))), *breach.proofs),
        )

    def _breach(self, evidence: Evidence, trace: Trace) -> Breach | None:
        if evidence.case is None:
            return None
        mutation = evidence.case.mutation
        if mutation.expectation is Expectation.AT_MOST_ONCE:
            return without_effect(evidence, trace, self.journals)
        rule = _RULES.get(mutation.site.variant)
        return rule(trace) if rule else None
