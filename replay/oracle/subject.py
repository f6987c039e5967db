"""What a finding is about: the endpoint, the mutation and who suffers, taken from the evidence.

Rule: a fingerprint is made here only, from what the finding *is*: never from case ids, seeds or live values.
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.evidence import Attempt, Evidence, Trace
from replay.model.finding import Finding, Level, Proof, Severity, fingerprint
from replay.model.tree import Tree

CLEAN = "none"  # the mutator's name in findings of clean replays


@dataclass(frozen=True, slots=True)
class Subject:
    endpoint: str  # with its method, e.g. "POST /courses/{id}/enrolments"
    mutator: str = CLEAN
    case_id: str = ""

    def finding(
        self,
        oracle: str,
        kind: str,
        *,
        severity: Severity,
        level: Level,
        title: str,
        expected: str,
        observed: str,
        tenant: str = "",
        proofs: tuple[Proof, ...] = (),
    ) -> Finding:
        """A finding at this subject; `kind` tells two findings of one oracle at one endpoint apart."""
        method, path = split_endpoint(self.endpoint)
        mark = fingerprint(oracle, self.mutator, self.endpoint, kind)
        return Finding(
            mark, oracle, self.mutator, severity, level, path, method, title, expected, observed, tenant, proofs,
            self.case_id,
        )  # fmt: skip


def subject_of(evidence: Evidence) -> Subject:
    """The case's site; of clean replays, a subject without an endpoint."""
    if evidence.case is None:
        return Subject("")
    mutation = evidence.case.mutation
    return Subject(mutation.site.endpoint, mutation.mutator, evidence.case.id)


def split_endpoint(endpoint: str) -> tuple[str, str]:
    """("GET", "/courses/{id}") of "GET /courses/{id}"."""
    method, mark, path = endpoint.partition(" ")
    return (method, path) if mark else ("", endpoint)


def victim_of(attempts: tuple[Attempt, ...]) -> str:
    """The tenant whose recorded requests these are."""
    return next((attempt.actor.tenant for attempt in attempts if attempt.actor), "")


def statuses(attempts: tuple[Attempt, ...]) -> list[str]:
    """`201` or `fault: reset`, in the order in which they were sent."""
    return [f"fault: {attempt.fault.kind}" if attempt.fault else str(attempt.status) for attempt in attempts]


def tenants_in_qa(trace: Trace, *tenants: str) -> tuple[Proof, ...]:
    """Whose ids stand in the rows: the recording's stand-ins beside the ids that QA gave, as far as they are known."""
    live = dict(trace.renamed)
    lines: list[Tree] = [
        {"tenant": tenant, "in QA": live[tenant]} for tenant in dict.fromkeys(tenants) if live.get(tenant)
    ]
    return (Proof("tenants", lines),) if lines else ()


def plural(n: int, noun: str) -> str:
    """`1 row`, `3 rows`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
