"""Serial envelope: copies sent at once must not have more, or lose more, than the same copies one after another.

    winners   several writers were told that they wrote over one and the same version (If-Match, If-None-Match)
    overrun   more successes than in sequence, and a counter moved further (a coupon, a quota, a seat)
    lost      as many successes as counter steps in sequence, fewer steps at once: an update was overwritten

Rule: no knowledge of the application. A counter is a number that every clean request moves by the same step, and that
copies in sequence move by that step for each success. New rows are `duplicate-rows`' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation
from replay.model.evidence import Attempt, Evidence, Role, Trace
from replay.model.finding import Finding, Level, Proof, Severity
from replay.model.reading import Operation
from replay.oracle.once_only import is_comparable
from replay.oracle.rowset import JOURNALS, is_journal
from replay.oracle.subject import plural, statuses, subject_of, victim_of

_PRECONDITIONS = ("if-match", "if-unmodified-since", "if-none-match")  # RFC 9110 section 13.1

Column = tuple[str, str]
"""Entity and column."""


@dataclass(frozen=True, slots=True, repr=False)
class _Breach:
    kind: str
    title: str
    expected: str
    observed: str
    trace: Trace
    serial: Trace


@dataclass(frozen=True, slots=True)
class SerialEnvelope:
    """`journals`: tables (shell patterns) that take notes of every attempt, and count them."""

    journals: tuple[str, ...] = JOURNALS

    name: ClassVar[str] = "serial-envelope"
    judges: ClassVar[frozenset[Expectation]] = frozenset({Expectation.AT_MOST_ONCE})
    needs: ClassVar[frozenset[str]] = frozenset({"serial"})

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        serial = next(iter(evidence.of(Role.SERIAL)), None)
        if serial is None or len(evidence.controls) < 2:
            return
        found = [one for trace in evidence.mutated for one in self._breaches(evidence, serial, trace)]
        for kind in dict.fromkeys(one.kind for one in found):
            hits = list({id(one.trace): one for one in reversed(found) if one.kind == kind}.values())[::-1]
            first, copies = hits[0], hits[0].trace.judged()
            yield subject_of(evidence).finding(
                self.name,
                kind,
                severity=Severity.HIGH,
                level=Level.CONFIRMED if len(hits) > 1 else Level.PROBABLE,
                title=first.title,
                expected=first.expected,
                observed=f"{first.observed}, in {len(hits)} of {plural(len(evidence.mutated), 'round')}",
                tenant=victim_of(copies),
                proofs=(
                    Proof("answers at once", list(statuses(copies))),
                    Proof("answers one after another", list(statuses(first.serial.judged()))),
                ),
            )

    def _breaches(self, evidence: Evidence, serial: Trace, trace: Trace) -> Iterator[_Breach]:
        if not is_comparable(serial, trace):
            return
        in_turn, at_once = _successes(serial), _successes(trace)
        if 0 < in_turn < at_once and (name := _precondition(trace.judged())):
            yield _Breach(
                "winners",
                f"Several writers win over one version of the resource, despite {name}",
                f"{in_turn} accepted, as one after another; the others 412 or 409",
                f"{at_once} accepted",
                trace,
                serial,
            )
        if evidence.has_rows:
            yield from self._counters(evidence, serial, trace)

    def _counters(self, evidence: Evidence, serial: Trace, trace: Trace) -> Iterator[_Breach]:
        in_turn, at_once = _successes(serial), _successes(trace)
        for column, step in counters(evidence.controls, self.journals).items():
            there, here = steps_of(serial).get(column, 0), steps_of(trace).get(column, 0)
            name = ".".join(column)
            if in_turn == 0 or there != in_turn * step:
                continue
            if at_once > in_turn and abs(here) > abs(there):
                yield _Breach(
                    "overrun",
                    f"A limit is overrun by requests at once: {name} moves further than in sequence",
                    f"{in_turn} accepted and {there:+g} in {name}, as one after another",
                    f"{at_once} accepted and {here:+g} in {name}",
                    trace,
                    serial,
                )
            elif in_turn > 1 and abs(here) < abs(at_once * step):
                yield _Breach(
                    "lost",
                    f"An update is lost among requests at once: {name}",
                    f"{at_once * step:+g} in {name} for {at_once} accepted copies",
                    f"{here:+g} in {name}",
                    trace,
                    serial,
                )


def can_be_raced(traces: Sequence[Trace]) -> bool:
    """More rounds may show what the first did not: a version is asked for, or a counter counts what was sent."""
    controls = [trace for trace in traces if trace.role is Role.CONTROL]
    serial = next((trace for trace in traces if trace.role is Role.SERIAL), None)
    if serial is None or not controls:
        return False
    if _precondition(serial.judged()):
        return True
    wins = _successes(serial)
    return any(
        wins and steps_of(serial).get(column, 0) == wins * step for column, step in counters(controls, JOURNALS).items()
    )


def counters(controls: Sequence[Trace], journals: tuple[str, ...]) -> dict[Column, float]:
    """Columns that every clean request moves by the same step."""
    steps = [steps_of(trace) for trace in controls]
    return {
        column: step
        for column, step in (steps[0] if steps else {}).items()
        if step and all(other.get(column) == step for other in steps[1:]) and not is_journal(column[0], journals)
    }


def steps_of(trace: Trace) -> dict[Column, float]:
    """By how much numbers moved, over all rows that were updated."""
    moved: dict[Column, float] = {}
    for change in trace.changes or ():
        if change.operation is not Operation.UPDATE:
            continue
        before, own = dict(change.before), {name for name, _ in change.key}
        for name, now in change.after:
            was = before.get(name)
            if name not in own and _is_number(was) and _is_number(now) and was != now:
                moved[change.entity, name] = moved.get((change.entity, name), 0) + (now - was)  # type: ignore[operator] # both are numbers
    return moved


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _successes(trace: Trace) -> int:
    return sum(one.response is not None and one.response.is_success for one in trace.judged())


def _precondition(attempts: Sequence[Attempt]) -> str:
    """The header in which all copies name one and the same version; empty when they do not."""
    for name in _PRECONDITIONS:
        said = {one.request.headers.get(name) for one in attempts}
        if len(said) == 1 and said != {""}:
            return "-".join(word.capitalize() for word in name.split("-"))
    return ""
