"""HTTP semantics: what a method promises (RFC 9110 section 9) and the rows deny.

PUT, twice      leaves another number than PUT once, in a column that the body names
PUT, twice      answers 201 both times: created what was there (info)
DELETE          answers success, and neither the resource nor a row has changed
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation
from replay.model.evidence import Attempt, Evidence, Role, Trace
from replay.model.finding import Finding, Level, Proof, Severity
from replay.model.message import request_leaves
from replay.model.reading import Cell, Operation
from replay.oracle.rowset import JOURNALS, changed_columns, is_journal, is_note
from replay.oracle.subject import statuses, subject_of, victim_of

_CREATED, _ACCEPTED = 201, 202
# A server counts these up with every write, repeated ones as well.
_COUNTED = frozenset({"version", "revision", "rev", "etag", "seq", "sequence", "generation", "updated", "modified"})


@dataclass(frozen=True, slots=True)
class HttpSemantics:
    """`journals`: tables (shell patterns) that take notes of every attempt."""

    journals: tuple[str, ...] = JOURNALS

    name: ClassVar[str] = "http-semantics"
    judges: ClassVar[frozenset[Expectation]] = frozenset({Expectation.AT_MOST_ONCE, Expectation.GONE})
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        if evidence.case is None or len(evidence.controls) < 2 or evidence.of(Role.SERIAL):
            return
        if evidence.case.mutation.expectation is Expectation.GONE:
            yield from self._not_gone(evidence)
        elif all(_is_put_again(trace) for trace in evidence.mutated):
            yield from _repeated_put(evidence)

    def _not_gone(self, evidence: Evidence) -> Iterator[Finding]:
        """Read, deleted, read again: the very same answer, and no row has changed."""
        for trace in evidence.mutated:
            judged = trace.judged()
            if len(judged) != 3 or not all(one.response and one.response.is_success for one in judged):
                continue
            before, deletion, after = judged
            if deletion.status == _ACCEPTED or _body(before) != _body(after) or self._has_changed(trace):
                continue
            yield subject_of(evidence).finding(
                self.name,
                "not-gone",
                severity=Severity.MEDIUM,
                level=Level.CONFIRMED,
                title="DELETE answers success and deletes nothing",
                expected="404 or 410, or a resource that says it is deleted, or 202",
                observed=f"DELETE answered {deletion.status}; the same GET answers the same; no row has changed",
                tenant=victim_of(judged),
                proofs=(Proof("answers", list(statuses(judged))),),
            )
            return

    def _has_changed(self, trace: Trace) -> bool:
        """Rows went, came, or changed in more than the times at which they were touched; notes do not count."""
        return any(
            change.operation is not Operation.UPDATE or changed_columns(change)
            for change in trace.changes or ()
            if not is_journal(change.entity, self.journals) and not is_note(change, trace.judged())
        )


def _is_put_again(trace: Trace) -> bool:
    judged = trace.judged()
    if len(judged) < 2 or not all(one.request.method == "PUT" and one.response for one in judged):
        return False
    first = judged[0].request
    return all(
        one.response is not None
        and one.response.is_success
        and (one.request.target, one.request.body.data) == (first.target, first.body.data)
        for one in judged
    )


def _repeated_put(evidence: Evidence) -> Iterator[Finding]:
    trace = evidence.mutated[0]
    judged = trace.judged()
    grown = _grown(evidence, trace)
    if grown:
        column, once, again = grown
        yield subject_of(evidence).finding(
            "http-semantics",
            "put-adds",
            severity=Severity.HIGH,
            level=Level.CONFIRMED,
            title=f"The same PUT again changes the result: {column}",
            expected=f"{column} is {once}, however often the request is sent (RFC 9110 section 9.2.2)",
            observed=f"{column} is {again} after {len(judged)} copies",
            tenant=victim_of(judged),
            proofs=(Proof("answers", list(statuses(judged))),),
        )
    if all(one.status == _CREATED for one in judged):
        yield subject_of(evidence).finding(
            "http-semantics",
            "created-again",
            severity=Severity.LOW,
            level=Level.INFO,
            title="The same PUT is answered 201 again, though the resource was there",
            expected="201 once, then 200 or 204 (RFC 9110 section 9.3.4)",
            observed=", ".join(statuses(judged)),
            tenant=victim_of(judged),
        )


def _grown(evidence: Evidence, trace: Trace) -> tuple[str, Cell, Cell] | None:
    """A number that the body names: the same after every single request, another one after several."""
    named = {str(place[-1]).lower() for place, _ in request_leaves(trace.judged()[0].request) if place[0] == "body"}
    once = [_numbers(control) for control in evidence.controls]
    for column, again in _numbers(trace).items():
        entity, name = column
        if name.lower() not in named or _COUNTED.intersection(name.lower().split("_")):
            continue
        single = once[0].get(column)
        if single is not None and again != single and all(numbers.get(column) == single for numbers in once):
            return f"{entity}.{name}", single, again
    return None


def _numbers(trace: Trace) -> dict[tuple[str, str], float]:
    """Numbers as they stand in the end, of tables of which one row was written."""
    rows: dict[str, list[tuple[tuple[str, Cell], ...]]] = {}
    for change in trace.changes or ():
        if change.operation is not Operation.DELETE:
            own = {name for name, _ in change.key}
            rows.setdefault(change.entity, []).append(tuple(one for one in change.after if one[0] not in own))
    return {
        (entity, name): value
        for entity, found in rows.items()
        if len(found) == 1
        for name, value in found[0]
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _body(attempt: Attempt) -> bytes:
    return attempt.response.body.data if attempt.response else b""
