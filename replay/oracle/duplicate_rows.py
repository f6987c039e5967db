"""Duplicate rows: the effect of one request stands in the database more than once.

A plain repeat without a promise may store its rows again: that is what POST means. So a finding needs either an
idempotency key that several copies shared, or fewer rows from the same copies sent one after another (the serial
envelope, which needs no knowledge of the application).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation
from replay.model.evidence import Attempt, Evidence, Role, Trace
from replay.model.finding import Finding, Level, Proof, Severity
from replay.model.message import response_leaves, text_of
from replay.model.reading import Operation, RowChange
from replay.model.tree import Tree
from replay.oracle.canonical import count_equal, generated_columns, largest_class, made_per_copy
from replay.oracle.once_only import Promise, is_comparable, promise_of
from replay.oracle.rowset import JOURNALS, effects, inserts_of, is_journal, noted, shown_row
from replay.oracle.subject import plural, statuses, subject_of, tenants_in_qa, victim_of

_ROWS_SHOWN = 5
_ID_PLACES = (("body", "id"), ("body", "data", "id"))


@dataclass(frozen=True, slots=True, repr=False)
class _Doubled:
    """One entity with more equal rows than it may have; `serial` is -1 when there was nothing to compare with."""

    entity: str
    allowed: int
    serial: int
    rows: tuple[RowChange, ...]
    ignored: frozenset[str]


@dataclass(frozen=True, slots=True, repr=False)
class _Hit:
    trace: Trace
    promise: Promise | None
    doubled: tuple[_Doubled, ...]
    is_partial: bool  # another entity of the same request stayed single


@dataclass(frozen=True, slots=True)
class DuplicateRows:
    """`journals`: tables (shell patterns) that take notes of every attempt; alone they prove nothing."""

    journals: tuple[str, ...] = JOURNALS

    name: ClassVar[str] = "duplicate-rows"
    judges: ClassVar[frozenset[Expectation]] = frozenset({Expectation.AT_MOST_ONCE})
    needs: ClassVar[frozenset[str]] = frozenset()

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        if len(evidence.controls) < 2:
            return
        if not evidence.has_rows:
            yield from self._judge_answers(evidence)
            return
        made = [entity for entity, operation in effects(evidence.controls) if operation is Operation.INSERT]
        entities = [entity for entity in made if entity not in noted(evidence.controls)]
        hits = [hit for trace in evidence.mutated if (hit := self._hit(evidence, trace, entities))]
        if hits:
            yield self._finding(evidence, max(hits, key=_weight), len(hits))

    def _hit(self, evidence: Evidence, trace: Trace, entities: list[str]) -> _Hit | None:
        promise = promise_of(trace)
        serial = next((one for one in evidence.of(Role.SERIAL) if is_comparable(one, trace)), None)
        doubled, single = [], []
        for entity in entities:
            one = _doubled(evidence, trace, entity, promise, serial)
            if one is not None:
                doubled.append(one)
            elif not is_journal(entity, self.journals):
                single.append(entity)
        if not doubled or (single and all(is_journal(one.entity, self.journals) for one in doubled)):
            return None
        return _Hit(trace, promise, tuple(sorted(doubled, key=lambda one: _references(one, doubled))), bool(single))

    def _finding(self, evidence: Evidence, hit: _Hit, rounds: int) -> Finding:
        entities = ", ".join(one.entity for one in hit.doubled)
        copies = hit.trace.judged()
        is_race = any(one.serial >= 0 for one in hit.doubled)
        return subject_of(evidence).finding(
            self.name,
            "rows",
            severity=Severity.HIGH,
            level=_level(hit, is_race=is_race),
            title=f"One request, sent {len(copies)} times, is stored more than once: {entities}",
            expected=f"rows of one request ({_promised(hit)}): {_counted(hit, clean=True)}",
            observed=f"{_counted(hit, clean=False)}, in {rounds} of {plural(len(evidence.mutated), 'round')}",
            tenant=victim_of(copies),
            proofs=(
                _counts(hit),
                Proof("answers", list(statuses(copies))),
                *_rows(hit),
                *tenants_in_qa(hit.trace, victim_of(copies)),
            ),
        )

    def _judge_answers(self, evidence: Evidence) -> Iterable[Finding]:
        """The weaker reading: distinct ids in successful answers. What the request stores beside stays unseen."""
        for trace in evidence.mutated:
            promise = promise_of(trace)
            allowed = promise.keys if promise else 0
            if serial := next((one for one in evidence.of(Role.SERIAL) if is_comparable(one, trace)), None):
                allowed = max(allowed, len(_ids(serial.judged())))
            ids = _ids(trace.judged())
            if not allowed or len(ids) <= allowed:
                continue
            yield subject_of(evidence).finding(
                self.name,
                "ids",
                severity=Severity.HIGH,
                level=Level.PROBABLE,
                title="Copies of one request are answered with different ids",
                expected=f"at most {plural(allowed, 'distinct id')} in the answers",
                observed=f"{len(ids)} distinct ids; no database was read, so child rows stay unseen",
                tenant=victim_of(trace.judged()),
                proofs=(Proof("ids", list(ids)), Proof("answers", list(statuses(trace.judged())))),
            )
            return


def _doubled(
    evidence: Evidence, trace: Trace, entity: str, promise: Promise | None, serial: Trace | None
) -> _Doubled | None:
    """The entity's largest class of equal rows, when it has more than was promised or than serial copies made."""
    ignored = generated_columns(evidence, entity) | made_per_copy(trace, evidence, entity)
    rows = largest_class(inserts_of(trace, entity), ignored)
    allowed = max(count_equal(inserts_of(control, entity), ignored) for control in evidence.controls)
    in_serial = count_equal(inserts_of(serial, entity), ignored) if serial else -1
    breaks_promise = promise is not None and len(rows) > allowed * promise.keys
    breaks_envelope = serial is not None and len(rows) > max(allowed, in_serial)
    if not breaks_promise and not breaks_envelope:
        return None
    return _Doubled(entity, allowed, in_serial if breaks_envelope else -1, tuple(rows), ignored)


def _references(one: _Doubled, doubled: list[_Doubled]) -> int:
    """How many of the other entities its row points to: the root of the effect points to none."""
    row = one.rows[0]
    own = {name for name, _ in row.key}
    others = [dict(other.rows[0].key) for other in doubled if other is not one]
    values = {text_of(value) for name, value in row.row.items() if name not in own and name.endswith("id")}
    return sum(1 for key in others if {text_of(value) for value in key.values()} & values)


def _weight(hit: _Hit) -> tuple[int, int]:
    return len(hit.doubled), sum(len(one.rows) for one in hit.doubled)


def _level(hit: _Hit, *, is_race: bool) -> Level:
    """Info where playing it again repeats the doubt: a tracing id promises nothing, a lone child may be a journal."""
    if is_race:
        return Level.PROBABLE if hit.is_partial else Level.CONFIRMED
    is_doubtful = hit.is_partial or hit.promise is None or hit.promise.is_weak
    return Level.INFO if is_doubtful else Level.CONFIRMED


def _promised(hit: _Hit) -> str:
    reasons = [hit.promise.where] if hit.promise else []
    if any(one.serial >= 0 for one in hit.doubled):
        reasons.append("the same copies one after another made fewer")
    return "; ".join(reasons)


def _counted(hit: _Hit, *, clean: bool) -> str:
    return ", ".join(f"{one.allowed if clean else len(one.rows)} {one.entity}" for one in hit.doubled)


def _counts(hit: _Hit) -> Proof:
    lines: list[Tree] = []
    for one in hit.doubled:
        serial: Tree = one.serial if one.serial >= 0 else None
        lines.append(
            {"entity": one.entity, "clean": one.allowed, "one after another": serial, "mutated": len(one.rows)}
        )
    return Proof("equal rows per entity", lines)


def _rows(hit: _Hit) -> Iterable[Proof]:
    for one in hit.doubled:
        lines: list[Tree] = [shown_row(change.row) for change in one.rows[:_ROWS_SHOWN]]
        yield Proof(f"rows of {one.entity}", lines)
        columns = list(one.rows[0].row)
        differ = [name for name in columns if len({text_of(change.row.get(name)) for change in one.rows}) > 1]
        equal = [name for name in columns if name not in differ]
        yield Proof(f"columns of {one.entity}", {"equal": ", ".join(equal), "different": ", ".join(differ)})


def _ids(attempts: tuple[Attempt, ...]) -> tuple[str, ...]:
    """Distinct ids of what successful answers say was made, in order."""
    found = [
        text_of(value)
        for attempt in attempts
        if attempt.response is not None and attempt.response.is_success
        for place, value in response_leaves(attempt.response)
        if place in _ID_PLACES
    ]
    return tuple(dict.fromkeys(found))
