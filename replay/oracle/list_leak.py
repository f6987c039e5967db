"""List leak: a tenant's own clean request is answered with data that another tenant created.

Nothing is swapped here, so it also finds what a swapped request would never show. If the leak is in the recording
already it is still found: who planted a marker decides, not who has seen it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation
from replay.model.endpoint import is_id_like
from replay.model.evidence import Attempt, Evidence, Part, Role, Trace
from replay.model.finding import Finding, Level, Proof, Severity
from replay.model.message import path_segments, response_leaves, text_of
from replay.model.tree import Tree
from replay.oracle.ownership import (
    Ownership,
    carrier_of,
    is_fresh,
    is_own,
    is_swapped,
    markers_answered,
    ownership_of,
    places_of,
    public_in,
    sent_by,
)  # fmt: skip
from replay.oracle.shares import shares_with
from replay.oracle.subject import Subject, plural, tenants_in_qa

_SHOWN = 10


@dataclass(frozen=True, slots=True, repr=False)
class _Sight:
    """Foreign markers in one answer; each with its owner's stand-in."""

    trace: Trace
    attempt: Attempt
    owners: tuple[tuple[str, str], ...]  # (marker, owner)
    is_certain: bool


def leaking_endpoints(evidence: Evidence) -> frozenset[str]:
    """Endpoints whose clean answers show another tenant's data: how much of it is there depends on everybody."""
    return frozenset(sight.attempt.endpoint for trace in evidence.of(Role.CLEAN) for sight in _sights(evidence, trace))


@dataclass(frozen=True, slots=True)
class ListLeak:
    """`shared_endpoints`: endpoints ("GET /catalog") whose answers every tenant may read."""

    shared_endpoints: tuple[str, ...] = ()

    name: ClassVar[str] = "list-leak"
    judges: ClassVar[frozenset[Expectation]] = frozenset({Expectation.SAME, Expectation.REJECTED})
    needs: ClassVar[frozenset[str]] = frozenset()

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        sights: dict[str, list[_Sight]] = {}
        for trace in evidence.mutated if evidence.case else evidence.of(Role.CLEAN):
            for sight in _sights(evidence, trace):
                if sight.attempt.endpoint not in self.shared_endpoints:
                    sights.setdefault(sight.attempt.endpoint, []).append(sight)
        for endpoint, found in sights.items():
            yield self._finding(endpoint, found, Level.PROBABLE if evidence.case is None else Level.INFO)

    def _finding(self, endpoint: str, found: list[_Sight], doubtful: Level) -> Finding:
        """`doubtful` is the level of markers that a fixed tenant may have stored itself, in an earlier case."""
        worst = max(found, key=lambda sight: len(sight.owners))
        owners = Counter(owner for _, owner in worst.owners)
        victim = owners.most_common(1)[0][0]
        is_repeated = len({sight.trace.world for sight in found}) > 1 or len(worst.owners) > 1
        sure = Level.CONFIRMED if is_repeated else Level.PROBABLE
        reader = carrier_of(worst.attempt)
        return Subject(endpoint).finding(
            self.name,
            "leak",
            severity=Severity.HIGH,
            level=sure if any(sight.is_certain for sight in found) else doubtful,
            title="A tenant's own request shows data of other tenants",
            expected=f"only data of tenant {reader}",
            observed=f"{plural(len(worst.owners), 'marker')} of {plural(len(owners), 'other tenant')}, "
            f"in {plural(len(found), 'answer')}",
            tenant=victim,
            proofs=_proofs(worst, reader),
        )


def _sights(evidence: Evidence, trace: Trace) -> Iterator[_Sight]:
    ownership = ownership_of(evidence, trace)
    if not ownership.here and not ownership.elsewhere:
        return  # nobody planted anything: no answer needs to be read
    public = public_in(trace)
    allowed: dict[str, frozenset[str]] = {}
    fresh: dict[str, bool] = {}
    for attempt in trace.attempts:
        reader = carrier_of(attempt)
        if not reader or not is_own(attempt) or attempt.response is None or not _is_looked_at(evidence, attempt):
            continue
        if reader not in allowed:
            allowed[reader] = public | sent_by(trace, reader)
            fresh[reader] = is_fresh(evidence, trace, reader)
        if evidence.case is not None and _is_misled(trace, attempt):
            continue
        seen = markers_answered(attempt.response) - allowed[reader]
        foreign = ownership.foreign_to(reader, seen, is_fresh=fresh[reader])
        if foreign:
            foreign -= shares_with(trace, reader, ownership).opened(attempt, foreign, ownership)
        if foreign:
            is_certain = fresh[reader] or any(marker in ownership.here for marker in foreign)
            yield _Sight(trace, attempt, _named(ownership, foreign), is_certain)


def _is_looked_at(evidence: Evidence, attempt: Attempt) -> bool:
    """In a case only what follows the site: its setup is the clean replay once more."""
    return evidence.case is None or attempt.part is Part.AFTER


def _is_misled(trace: Trace, attempt: Attempt) -> bool:
    """True when the path names what the *other* tenant was answered at the site: that is a swap, no clean request."""
    given = {
        text_of(value)
        for swapped in trace.judged()
        if is_swapped(swapped) and swapped.response is not None
        for place, value in response_leaves(swapped.response)
        if place[0] in {"body", "location"}
    }
    return any(is_id_like(segment) and segment in given for segment in path_segments(attempt.request.path))


def _named(ownership: Ownership, markers: frozenset[str]) -> tuple[tuple[str, str], ...]:
    return tuple((marker, min(ownership.owners_of(marker))) for marker in sorted(markers))


def _proofs(sight: _Sight, reader: str) -> tuple[Proof, ...]:
    response = sight.attempt.response
    assert response is not None  # a sight is an answer
    markers = frozenset(marker for marker, _ in sight.owners)
    lines: list[Tree] = [{"marker": marker, "leaked from": owner} for marker, owner in sight.owners[:_SHOWN]]
    return (
        Proof("whose data", lines),
        Proof("places in the answer", list(places_of(response, markers)[:_SHOWN])),
        Proof("answered to", {"tenant": reader, "exchange": sight.attempt.exchange_id}),
        *tenants_in_qa(sight.trace, reader, *(owner for _, owner in sight.owners[:_SHOWN])),
    )
