"""Isolation, reading: a tenant's request with another tenant's credentials is answered with the first one's data.

Rule: neither status nor likeness is evidence, only data whose owner is known. A 200 with the caller's own data is
right; a 404 that quotes the other tenant's text is a breach.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation
from replay.model.evidence import Attempt, Evidence, Trace
from replay.model.exchange import Response
from replay.model.finding import Finding, Level, Proof, Severity
from replay.model.message import response_leaves
from replay.model.tree import Tree, pattern
from replay.oracle.canonical import values_sent
from replay.oracle.ownership import (
    carrier_of,
    is_fresh,
    is_own,
    is_swapped,
    markers_answered,
    ownership_of,
    places_of,
    private_values,
    public_in,
    sent_by,
)  # fmt: skip
from replay.oracle.shares import shares_with
from replay.oracle.subject import plural, statuses, subject_of, tenants_in_qa

_ENOUGH_VALUES = 2  # one equal text may be chance, two are not
_SHOWN = 10


@dataclass(frozen=True, slots=True, repr=False)
class _Breach:
    trace: Trace
    attempt: Attempt
    owned: frozenset[str]  # planted by the victim in this world
    elsewhere: frozenset[str]
    values: frozenset[str] = frozenset()  # without markers: long texts that only the victim has
    is_certain: bool = True  # False: other worlds' markers, where tenants may be the same in every world

    @property
    def seen(self) -> frozenset[str]:
        return self.owned | self.elsewhere


@dataclass(frozen=True, slots=True)
class IsolationRead:
    """`shared_endpoints`: endpoints ("GET /catalog") whose answers every tenant may read."""

    shared_endpoints: tuple[str, ...] = ()

    name: ClassVar[str] = "isolation-read"
    judges: ClassVar[frozenset[Expectation]] = frozenset({Expectation.REJECTED})
    needs: ClassVar[frozenset[str]] = frozenset()

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        subject = subject_of(evidence)
        if subject.endpoint in self.shared_endpoints:
            return
        found = [breach for trace in evidence.mutated if (breach := _breach(evidence, trace))]
        if not found:
            return
        worst = max(found, key=lambda breach: (len(breach.owned), len(breach.elsewhere)))
        actor = worst.attempt.actor
        victim = actor.tenant if actor else ""
        seen, values = len(worst.seen), len(worst.values)
        what = plural(seen, "planted marker") if worst.seen else f"{plural(values, 'text')} of its own"
        status = statuses((worst.attempt,))[0]
        yield subject.finding(
            self.name,
            "read",
            severity=Severity.HIGH,
            level=_level(worst, len(found)),
            title="Another tenant's credentials read this tenant's data",
            expected=f"no data of tenant {victim} for tenant {carrier_of(worst.attempt)}",
            observed=f"answered {status} with {what} of {_whose(worst, victim)}, in {len(found)} of "
            f"{plural(len(evidence.mutated), 'world')}",
            tenant=victim,
            proofs=_proofs(worst, victim),
        )


def _breach(evidence: Evidence, trace: Trace) -> _Breach | None:
    ownership = ownership_of(evidence, trace)
    public = public_in(trace)
    for attempt in trace.judged():
        if not is_swapped(attempt) or attempt.response is None:
            continue
        reader, victim = carrier_of(attempt), attempt.actor.tenant if attempt.actor else ""
        allowed = public | sent_by(trace, reader) | _own_answers(trace, reader)
        seen = markers_answered(attempt.response) - allowed
        seen -= shares_with(trace, reader, ownership).opened(attempt, seen, ownership)
        is_new = is_fresh(evidence, trace, reader)
        owned = ownership.of_tenant(victim, seen)
        others = ownership.foreign_to(reader, seen, is_fresh=is_new) - owned
        if owned or others:
            is_certain = bool(owned) or is_new or any(marker in ownership.here for marker in others)
            return _Breach(trace, attempt, owned, others, is_certain=is_certain)
        if not _shows_markers(evidence, victim):
            values = _equal_values(evidence, trace, attempt, victim)
            if len(values) >= _ENOUGH_VALUES:
                return _Breach(trace, attempt, frozenset(), frozenset(), values, is_certain=False)
    return None


def _shows_markers(evidence: Evidence, victim: str) -> bool:
    """True when clean answers at the site hold what the victim planted: markers can then tell whose data it is."""
    return any(
        ownership_of(evidence, control).of_tenant(victim, markers_answered(attempt.response))
        for control in evidence.controls
        for attempt in control.judged()
    )


def _own_answers(trace: Trace, tenant: str) -> frozenset[str]:
    """What the tenant was shown in its own clean requests: if that leaks, list-leak says so."""
    out: frozenset[str] = frozenset()
    for attempt in trace.attempts:
        if is_own(attempt) and carrier_of(attempt) == tenant:
            out |= markers_answered(attempt.response)
    return out


def _equal_values(evidence: Evidence, trace: Trace, attempt: Attempt, victim: str) -> frozenset[str]:
    """Without markers: texts that only the victim's own traffic holds, in a successful answer to somebody else."""
    response = attempt.response
    if response is None or not response.is_success:
        return frozenset()
    answered = {value for place, value in response_leaves(response) if isinstance(value, str) and place[0] == "body"}
    return (private_values(evidence, trace, victim) & answered) - values_sent([attempt.request])


def _level(breach: _Breach, worlds: int) -> Level:
    if not breach.is_certain:  # playing it again would only repeat the doubt
        return Level.INFO if breach.seen else Level.PROBABLE
    return Level.CONFIRMED if worlds > 1 or len(breach.owned) > 1 else Level.PROBABLE


def _whose(breach: _Breach, victim: str) -> str:
    if breach.owned or breach.values:
        return f"tenant {victim}"
    return "other tenants"


def _proofs(breach: _Breach, victim: str) -> tuple[Proof, ...]:
    response = breach.attempt.response
    assert response is not None  # a breach is an answer
    lines: list[Tree] = [
        {"marker": marker, "owner": victim if marker in breach.owned else "another world or tenant"}
        for marker in sorted(breach.seen)[:_SHOWN]
    ]
    places = places_of(response, breach.seen) if breach.seen else _places_of_values(response, breach.values)
    return (
        *((Proof("whose data", lines),) if lines else ()),
        Proof("places in the answer", list(places[:_SHOWN])),
        Proof("sent as", {"request of": victim, "credentials of": carrier_of(breach.attempt)}),
        *tenants_in_qa(breach.trace, victim, carrier_of(breach.attempt)),
    )


def _places_of_values(response: Response, values: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted({pattern(place) for place, value in response_leaves(response) if value in values}))
