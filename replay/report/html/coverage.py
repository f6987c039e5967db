"""What was tried and what was not: risk -> boundary -> oracle, endpoint by mutation, tenant by tenant.

Rule: a risk is covered when a case that its oracle judges got a verdict. What got none is never shown as covered.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from replay.model.case import Expectation
from replay.report.detail import Detail, OracleFacts
from replay.report.risks import boundary_of, risk_of
from replay.report.view import RunView
from replay.store.run_figures import Crossing

_MOST_TENANTS = 16


@dataclass(frozen=True, slots=True, repr=False)
class Risk:
    """`covered`: yes, partly, no. `why` is a sentence."""

    risk: str
    boundary: str
    oracle: str
    mutators: tuple[str, ...]
    covered: str
    why: str
    findings: int


@dataclass(frozen=True, slots=True, repr=False)
class Tried:
    """Cases at one endpoint, by mutator: how many, how many with findings, how many without a verdict."""

    endpoint: str
    cells: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Meeting:
    """Mutated requests of a tenant's session with a sender's credentials. `mark`: none, answered, refused, finding."""

    mark: str
    succeeded: int = 0
    refused: int = 0
    failed: int = 0
    findings: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Matrix:
    senders: tuple[str, ...]
    owners: tuple[tuple[str, tuple[Meeting, ...]], ...]
    left_out: int  # tenants


def risks_of(view: RunView, detail: Detail) -> tuple[Risk, ...]:
    lost = {one.case_id for one in view.not_judged if one.case_id}
    found = Counter(one.oracle for one in view.findings)
    return tuple(_risk(one, view, detail, lost, found[one.name]) for one in detail.oracles)


def _risk(oracle: OracleFacts, view: RunView, detail: Detail, lost: set[str], findings: int) -> Risk:
    cases = [one for one in detail.cases if one.expectation in oracle.judges]
    ids = [case_id for one in cases for case_id in one.ids]
    judged = sum(case_id not in lost for case_id in ids)
    is_clean = Expectation.SAME in oracle.judges
    driven = (("clean replays",) if is_clean else ()) + tuple(dict.fromkeys(one.mutator for one in cases))
    if oracle.needs_rows and not view.run.database:
        covered, why = "no", "it needs the target's database; name it with --db"
    elif is_clean and any(one.reason == "low-fidelity" for one in view.not_judged):
        covered, why = "no", "the clean replays did not do what was recorded"
    elif ids and judged < len(ids):
        covered, why = ("partly" if judged else "no"), f"{judged} of {len(ids)} cases were judged"
    elif ids:
        covered, why = "yes", f"{judged} case{'s' if judged != 1 else ''} judged" + (", and clean replays" * is_clean)
    elif is_clean and view.fidelity and view.fidelity.exchanges:
        covered, why = "yes", f"{view.fidelity.exchanges} exchanges replayed clean"
    else:
        covered, why = "no", "no case was played; choose mutators with --mutate"
    words = sorted({boundary_of(one) for one in oracle.judges})
    boundary = "every boundary" if len(oracle.judges) == len(Expectation) else ", ".join(words)
    return Risk(risk_of(oracle.name), boundary, oracle.name, driven, covered, why, findings)


def tried_of(view: RunView, detail: Detail) -> tuple[tuple[str, ...], tuple[Tried, ...]]:
    """The mutators, and a line for every endpoint that was mutated or could not be."""
    mutators = tuple(dict.fromkeys(one.mutator for one in detail.cases))
    lost = {one.case_id for one in view.not_judged if one.case_id}
    hit = {one.case_id for one in view.findings if one.case_id}
    ids: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for one in detail.cases:
        ids[one.endpoint][one.mutator] = ids[one.endpoint].get(one.mutator, ()) + one.ids
    lines = []
    for endpoint in sorted({*ids, *(one.endpoint for one in detail.figures.sent)}):
        cells = []
        for mutator in mutators:
            of_cell = ids.get(endpoint, {}).get(mutator, ())
            cells.append((len(of_cell), sum(one in hit for one in of_cell), sum(one in lost for one in of_cell)))
        lines.append(Tried(endpoint, tuple(cells)))
    return mutators, tuple(lines)


def matrix_of(view: RunView, detail: Detail) -> Matrix:
    """Rows: whose session it is. Columns: whose credentials the request carried."""
    crossings = {(one.owner, one.sent_as): one for one in detail.figures.crossings}
    found: Counter[tuple[str, str]] = Counter()
    for finding in view.findings:
        for proof in finding.proofs:
            if proof.label == "sent as" and isinstance(proof.data, dict):
                found[str(proof.data.get("request of", "")), str(proof.data.get("credentials of", ""))] += 1
    weights: Counter[str] = Counter()
    for (owner, sent_as), one in crossings.items():
        for name in {owner, sent_as}:
            weights[name] += one.succeeded + one.refused + one.failed
    names = tuple(sorted(name for name, _ in weights.most_common(_MOST_TENANTS)))
    owners = tuple(name for name in names if name)
    lines = [
        (owner, tuple(_meeting(crossings.get((owner, name)), found[owner, name]) for name in names)) for owner in owners
    ]
    return Matrix(names, tuple(lines), max(0, len(weights) - len(names)))


def _meeting(crossing: Crossing | None, findings: int) -> Meeting:
    if crossing is None:
        return Meeting("none")
    mark = "finding" if findings else "answered" if crossing.succeeded else "refused"
    return Meeting(mark, crossing.succeeded, crossing.refused, crossing.failed, findings)
