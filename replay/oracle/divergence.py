"""Divergence: the target no longer answers what was recorded, at a place that clean replays agree about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation
from replay.model.difference import Difference, DifferenceKind
from replay.model.evidence import Evidence, Role
from replay.model.finding import Finding, Level, Proof, Severity
from replay.model.message import request_leaves, text_of
from replay.model.tree import Scalar, Tree
from replay.oracle.list_leak import leaking_endpoints
from replay.oracle.rowset import is_secret, shown
from replay.oracle.subject import CLEAN, Subject, plural

Group = tuple[str, str, DifferenceKind]

_SEVERITY = {
    DifferenceKind.FAULT: Severity.HIGH,
    DifferenceKind.STATUS: Severity.HIGH,
    DifferenceKind.MISSING: Severity.HIGH,
    DifferenceKind.TYPE: Severity.HIGH,
    DifferenceKind.MEDIA_TYPE: Severity.MEDIUM,
    DifferenceKind.VALUE: Severity.MEDIUM,
    DifferenceKind.RENAMING: Severity.MEDIUM,
    DifferenceKind.LENGTH: Severity.MEDIUM,
    DifferenceKind.DRIFT: Severity.MEDIUM,
    DifferenceKind.SLOWER: Severity.MEDIUM,
    DifferenceKind.ADDED: Severity.LOW,
}
_TITLES = {
    DifferenceKind.FAULT: "{place}: no response any more",
    DifferenceKind.STATUS: "another status than recorded",
    DifferenceKind.MISSING: "{place} is no longer answered",
    DifferenceKind.TYPE: "{place} changed its type",
    DifferenceKind.MEDIA_TYPE: "another media type than recorded",
    DifferenceKind.VALUE: "{place} has another value",
    DifferenceKind.RENAMING: "{place} names another thing than recorded",
    DifferenceKind.LENGTH: "{place} has another length",
    DifferenceKind.DRIFT: "{place} varies otherwise than recorded",
    DifferenceKind.SLOWER: "slower than the known-good build",
    DifferenceKind.ADDED: "{place} is new",
}
_PASSWORD_FIELD = re.compile(r"passw|pwd|secret", re.IGNORECASE)
_CODE_FIELD = re.compile(r"otp|passcode|pin$|^code$", re.IGNORECASE)
_INVALID = frozenset({400, 422})
_SAMPLES = 3
_NOT_THERE = "not there"
_CONTENT = frozenset({DifferenceKind.VALUE, DifferenceKind.LENGTH, DifferenceKind.RENAMING, DifferenceKind.DRIFT})


class _Nothing:
    """The side of a difference that has no value: another thing than null."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """Judges differences between the recording and the clean replays; noise is already gone from them."""

    ignored_places: tuple[str, ...] = ()  # patterns such as body.build_number

    name: ClassVar[str] = "divergence"
    judges: ClassVar[frozenset[Expectation]] = frozenset({Expectation.SAME})
    needs: ClassVar[frozenset[str]] = frozenset()

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        if not evidence.differences:
            return
        groups: dict[Group, list[Difference]] = {}
        with_password = _with_field(evidence, _PASSWORD_FIELD)
        with_code = _with_field(evidence, _CODE_FIELD)
        leaking = leaking_endpoints(evidence)
        for one in evidence.differences:
            if one.endpoint in leaking and one.kind in _CONTENT:
                continue  # part of the leak (see list-leak): lengths and counts follow what others have stored
            is_misled = (one.exchange_id in with_password and _is_refusal(one, _INVALID)) or (
                one.exchange_id in with_code and _is_refusal(one, range(400, 500))
            )
            if one.place not in self.ignored_places and not is_misled:
                groups.setdefault((one.endpoint, one.place, one.kind), []).append(one)
        level = _level(evidence)
        for group, found in groups.items():
            yield self._finding(evidence, group, found, level, groups)

    def _finding(
        self,
        evidence: Evidence,
        group: Group,
        found: list[Difference],
        level: Level,
        groups: Mapping[Group, list[Difference]],
    ) -> Finding:
        endpoint, place, kind = group
        case = evidence.case
        subject = Subject(endpoint, case.mutation.mutator, case.id) if case else Subject(endpoint, CLEAN)
        proofs = [Proof("differences", [_line(one) for one in found[:_SAMPLES]])]
        if twins := _twins(group, groups):
            proofs.append(Proof("perhaps renamed; see also", list(twins)))
        return subject.finding(
            self.name,
            f"{place}|{kind}",
            severity=_SEVERITY[kind],
            level=level,
            title=_TITLES[kind].format(place=place),
            expected=f"{_what(kind, place)}{_samples(place, [_expected(one) for one in found])} {_source(evidence)}",
            observed=f"{_seen(kind, place)}{_samples(place, [_observed(one) for one in found])}, "
            f"in {plural(len(found), 'answer')}",
            tenant=_tenant(evidence, found),
            proofs=tuple(proofs),
        )


def _with_field(evidence: Evidence, names: re.Pattern[str]) -> frozenset[str]:
    """Exchanges whose request carries such a secret, which the recording replaced by a constant.

    A password that was refused as *wrong* is another constant and stays wrong; one that was refused as *invalid*
    (too short, say) became a valid one, and so may have a one-time code: such a refusal cannot be replayed.
    """
    differing = {one.exchange_id for one in evidence.differences}
    return frozenset(
        attempt.exchange_id
        for trace in evidence.traces
        for attempt in trace.attempts
        if attempt.exchange_id in differing
        and any(
            place[0] in {"body", "form"} and names.search(str(place[-1]))
            for place, _ in request_leaves(attempt.request)
        )
    )


def _is_refusal(one: Difference, statuses: Container[int]) -> bool:
    return one.kind is DifferenceKind.STATUS and isinstance(one.expected, int) and one.expected in statuses


def _level(evidence: Evidence) -> Level:
    """What noise does not explain was so in every clean replay; one replay alone proves half."""
    seen = evidence.mutated if evidence.case else evidence.of(Role.CLEAN)
    return Level.CONFIRMED if len(seen) > 1 else Level.PROBABLE


def _twins(group: Group, groups: Mapping[Group, list[Difference]]) -> tuple[str, ...]:
    """Where something went, what came beside it (and the other way round)."""
    endpoint, place, kind = group
    opposite = {DifferenceKind.MISSING: DifferenceKind.ADDED, DifferenceKind.ADDED: DifferenceKind.MISSING}.get(kind)
    parent = place.rpartition(".")[0]
    return tuple(
        f"{other_kind} {other}"
        for at, other, other_kind in groups
        if at == endpoint and other_kind is opposite and other.rpartition(".")[0] == parent
    )


def _source(evidence: Evidence) -> str:
    """Who says what is right."""
    return "from the known-good build" if evidence.of(Role.BASELINE) else "as recorded"


def _samples(place: str, values: list[Scalar | _Nothing]) -> str:
    if is_secret(place):
        return "(hidden)"
    kinds = Counter(_sample(value) for value in values)
    return " | ".join(text for text, _ in kinds.most_common(_SAMPLES))


def _sample(value: Scalar | _Nothing) -> str:
    """As JSON has it, not as Python has it."""
    if isinstance(value, _Nothing):
        return _NOT_THERE
    value = shown(value)
    return repr(value) if isinstance(value, str) else text_of(value)


def _expected(one: Difference) -> Scalar | _Nothing:
    is_none = one.kind is DifferenceKind.ADDED or (one.kind is DifferenceKind.FAULT and one.expected is None)
    return _Nothing() if is_none else one.expected


def _observed(one: Difference) -> Scalar | _Nothing:
    is_none = one.kind is DifferenceKind.MISSING or (one.kind is DifferenceKind.FAULT and one.observed is None)
    return _Nothing() if is_none else one.observed


def _what(kind: DifferenceKind, place: str) -> str:
    return f"{kind} " if kind == place else f"{place}: "


def _seen(kind: DifferenceKind, place: str) -> str:
    """`status 200`, but `value at body.total: 5`."""
    return f"{kind} " if kind == place else f"{kind} at {place}: "


def _line(one: Difference) -> Tree:
    hidden = is_secret(one.place)
    return {
        "exchange": one.exchange_id,
        "place": one.place,
        "recorded": _cell(_expected(one), is_hidden=hidden),
        "answered": _cell(_observed(one), is_hidden=hidden),
        "remark": one.remark,
    }


def _cell(value: Scalar | _Nothing, *, is_hidden: bool) -> Tree:
    if isinstance(value, _Nothing):
        return _NOT_THERE
    return "(hidden)" if is_hidden else shown(value)


def _tenant(evidence: Evidence, found: list[Difference]) -> str:
    """The tenant whose answers differ, when it is one alone."""
    ids = {one.exchange_id for one in found}
    attempts = (attempt for trace in evidence.traces for attempt in trace.attempts)
    tenants = {attempt.actor.tenant for attempt in attempts if attempt.exchange_id in ids and attempt.actor}
    return tenants.pop() if len(tenants) == 1 else ""
