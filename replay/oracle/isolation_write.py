"""Isolation, writing: a tenant's request with another tenant's credentials changed the first one's rows.

Rule: status is not evidence. A faulty service answers 403 after writing; a sound one answers 204 and changes the
caller's own row. Only the owner of the changed row decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation
from replay.model.evidence import Attempt, Evidence, Part, Trace
from replay.model.finding import Finding, Level, Proof, Severity
from replay.model.message import path_segments, request_leaves, response_leaves, text_of
from replay.model.reading import Cell, Operation, RowChange
from replay.oracle.canonical import values_sent
from replay.oracle.ownership import (
    Ownership,
    carrier_of,
    is_own,
    is_swapped,
    markers_in,
    markers_sent,
    ownership_of,
    private_values,
)
from replay.oracle.rowset import JOURNALS, is_journal, is_note, is_usual, shown_change
from replay.oracle.subject import split_endpoint, statuses, subject_of, tenants_in_qa

_ROWS_SHOWN = 5
_MARKER_CHARS = 12  # of injected text; a probe or a list may show its head only


@dataclass(frozen=True, slots=True, repr=False)
class _Breach:
    trace: Trace
    attempt: Attempt
    changes: tuple[RowChange, ...]  # empty: seen in the owner's read-back only
    is_same_effect: bool  # each control did the same to the same entity (and columns)


@dataclass(frozen=True, slots=True)
class IsolationWrite:
    """`shared_endpoints`: endpoints that every tenant may write to; `journals`: tables that note refusals as well."""

    shared_endpoints: tuple[str, ...] = ()
    journals: tuple[str, ...] = JOURNALS

    name: ClassVar[str] = "isolation-write"
    judges: ClassVar[frozenset[Expectation]] = frozenset({Expectation.REJECTED})
    needs: ClassVar[frozenset[str]] = frozenset()

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        subject = subject_of(evidence)
        if subject.endpoint in self.shared_endpoints:
            return
        if evidence.has_rows:
            found = [breach for trace in evidence.mutated if (breach := self._in_rows(evidence, trace))]
        else:
            found = [breach for trace in evidence.mutated if (breach := _in_read_back(evidence, trace))]
        if not found:
            return
        worst = max(found, key=lambda breach: (breach.is_same_effect, len(breach.changes)))
        actor = worst.attempt.actor
        victim = actor.tenant if actor else ""
        yield subject.finding(
            self.name,
            "write",
            severity=Severity.HIGH,
            level=_level(worst),
            title="Another tenant's credentials changed this tenant's data",
            expected=f"no row of tenant {victim} changes for tenant {carrier_of(worst.attempt)}",
            observed=_observed(worst, victim),
            tenant=victim,
            proofs=_proofs(worst, victim),
        )

    def _in_rows(self, evidence: Evidence, trace: Trace) -> _Breach | None:
        attempt = _swapped_write(trace)
        if attempt is None or attempt.actor is None:
            return None
        judge = _RowOwner(evidence, trace, attempt)
        owned = tuple(
            change
            for change in trace.changes or ()
            if not is_journal(change.entity, self.journals)
            and not is_note(change, trace.judged())
            and judge.is_victims(change)
        )
        if not owned:
            return None
        is_same = any(is_usual(change, evidence.controls) or judge.is_blind(change) for change in owned)
        return _Breach(trace, attempt, owned, is_same)


class _RowOwner:
    """Whose a changed row is, by what stood in it before the write (of an insert: by what was not sent)."""

    def __init__(self, evidence: Evidence, trace: Trace, attempt: Attempt) -> None:
        self._reader = carrier_of(attempt)
        self._victim = attempt.actor.tenant if attempt.actor else ""
        self._ownership: Ownership = ownership_of(evidence, trace)
        self._theirs = private_values(evidence, trace, self._victim)
        self._own = private_values(evidence, trace, self._reader)
        judged = [one.request for one in trace.judged() if carrier_of(one) == self._reader]
        self._tenant_id = dict(trace.renamed).get(self._victim, "")
        self._sent = values_sent(judged)
        self._markers_sent = frozenset[str]().union(*(markers_sent(request) for request in judged))
        self._is_repeated = len(judged) > 1
        self._ids = _victims_ids(trace, self._victim) & frozenset(path_segments(attempt.request.path))
        self._id_entities = _entities_named_by_path(evidence)

    def is_victims(self, change: RowChange) -> bool:
        """True when the row holds what the victim alone owns, and nothing that the sender owns."""
        has_before = len(change.before) > len(change.key)  # some databases log the key only
        row = dict(change.before) if has_before else change.row
        if self._holds(row, self._reader, self._own, was_sent=False):
            return False
        # `before` of a first write cannot hold what was only just sent; `after` can.
        if self._holds(row, self._victim, self._theirs, was_sent=self._is_repeated or not has_before):
            return True
        if change.operation is Operation.INSERT:
            return bool(self._tenant_id) and self._tenant_id in row.values()
        return self.is_named(change)

    def _holds(self, row: dict[str, Cell], tenant: str, values: frozenset[str], *, was_sent: bool) -> bool:
        for cell in row.values():
            if not isinstance(cell, str):
                continue
            markers = self._ownership.of_tenant(tenant, markers_in(cell))
            if was_sent:
                markers -= self._markers_sent
            if markers or (cell in values and not (was_sent and cell in self._sent)):
                return True
        return False

    def is_blind(self, change: RowChange) -> bool:
        """An update of the row that the path names, of which the database tells the key only."""
        return len(change.before) <= len(change.key) and change.operation is Operation.UPDATE and self.is_named(change)

    def is_named(self, change: RowChange) -> bool:
        """The path names the row by a key that the victim's own answers gave it, as every control's path did."""
        if len(change.key) != 1:
            return False
        return change.entity in self._id_entities and text_of(change.key[0][1]) in self._ids


def _swapped_write(trace: Trace) -> Attempt | None:
    return next((one for one in trace.judged() if is_swapped(one) and not one.request.is_safe), None)


def _victims_ids(trace: Trace, victim: str) -> frozenset[str]:
    """Ids that the service gave in answers to the victim's own requests, before the judged one."""
    return frozenset(
        text_of(value)
        for attempt in trace.attempts
        if attempt.part is Part.SETUP and is_own(attempt) and carrier_of(attempt) == victim and attempt.response
        for place, value in response_leaves(attempt.response)
        if place[0] in {"body", "location"}
    )


def _entities_named_by_path(evidence: Evidence) -> frozenset[str]:
    """Entities whose changed row has, in every control, the key that stands in the request's path."""
    found = []
    for control in evidence.controls:
        segments = {segment for attempt in control.judged() for segment in path_segments(attempt.request.path)}
        found.append(
            {
                change.entity
                for change in control.changes or ()
                if len(change.key) == 1 and text_of(change.key[0][1]) in segments
            }
        )
    return frozenset(set.intersection(*found)) if len(found) > 1 else frozenset()


def _in_read_back(evidence: Evidence, trace: Trace) -> _Breach | None:
    """Without rows: the text that the other tenant sent stands in an answer to the owner's own later request."""
    attempt = _swapped_write(trace)
    if attempt is None or evidence.case is None:
        return None
    texts = [one.value[:_MARKER_CHARS] for one in evidence.case.mutation.injected if len(one.value) >= _MARKER_CHARS]
    sent = [text_of(value) for _, value in request_leaves(attempt.request)]
    texts = [text for text in texts if any(text in value for value in sent)]
    for after in trace.attempts:
        if after.part is Part.AFTER and is_own(after) and after.actor == attempt.actor and after.response:
            body = after.response.body.data.decode("utf-8", "replace")
            if any(text in body for text in texts):
                return _Breach(trace, attempt, (), is_same_effect=False)
    return None


def _level(breach: _Breach) -> Level:
    """Rows and their owner are two kinds of evidence, a read-back is one.

    What a refused request does beside its own effect (a counter of refusals on the owner's row) is only worth knowing.
    """
    if breach.is_same_effect:
        return Level.CONFIRMED
    return Level.INFO if breach.changes and 400 <= breach.attempt.status < 500 else Level.PROBABLE


def _observed(breach: _Breach, victim: str) -> str:
    status = statuses((breach.attempt,))[0]
    although = f"although answered {status}" if not status.startswith("2") else f"answered {status}"
    if not breach.changes:
        return f"the text sent by the other tenant is read back by tenant {victim}, {although}"
    counts: dict[str, int] = {}
    for change in breach.changes:
        what = f"{change.operation} of {change.entity}"
        counts[what] = counts.get(what, 0) + 1
    rows = ", ".join(f"{n} {what}" for what, n in counts.items())
    return f"{rows}, owned by tenant {victim}, {although}"


def _proofs(breach: _Breach, victim: str) -> tuple[Proof, ...]:
    method, _ = split_endpoint(breach.attempt.endpoint)
    who = Proof(
        "sent as",
        {"request of": victim, "credentials of": carrier_of(breach.attempt), "method": method,
         "answer": statuses((breach.attempt,))[0]},
    )  # fmt: skip
    tenants = tenants_in_qa(breach.trace, victim, carrier_of(breach.attempt))
    if not breach.changes:
        return (who, *tenants)
    rows = Proof(f"rows of tenant {victim}", [shown_change(change) for change in breach.changes[:_ROWS_SHOWN]])
    return (rows, who, *tenants)
