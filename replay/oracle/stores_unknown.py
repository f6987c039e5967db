"""Stores unknown: a key that nobody asked for was stored, in the worst case in a column that grants power."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from replay.model.case import Expectation, Injected
from replay.model.evidence import Evidence, Trace
from replay.model.finding import Finding, Level, Proof, Severity
from replay.model.message import request_leaves, text_of
from replay.model.reading import Cell, Operation, RowChange
from replay.model.tree import Tree, pattern
from replay.oracle.rowset import JOURNALS, is_journal, is_note, shown_change
from replay.oracle.subject import subject_of, victim_of

_PRIVILEGED = re.compile(r"role|admin|owner|tenant|org|price|balance|status|verified", re.IGNORECASE)
_SHORTEST_MARKER = 8  # characters; shorter values stand in rows by chance
_ROWS_SHOWN = 3


@dataclass(frozen=True, slots=True, repr=False)
class _Stored:
    injected: Injected
    change: RowChange | None  # None: seen in a read-back only
    is_column: bool  # the column of that name took the value

    @property
    def is_power(self) -> bool:
        return self.is_column and bool(_PRIVILEGED.search(self.injected.key))


@dataclass(frozen=True, slots=True)
class StoresUnknown:
    """`journals`: tables that keep whole payloads of requests as notes."""

    journals: tuple[str, ...] = JOURNALS

    name: ClassVar[str] = "stores-unknown"
    judges: ClassVar[frozenset[Expectation]] = frozenset({Expectation.BOUNDED})
    needs: ClassVar[frozenset[str]] = frozenset()

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        unknown = _unknown(evidence)
        if not unknown:
            return
        found = [stored for trace in evidence.mutated if (stored := self._stored(evidence, trace, unknown))]
        if not found:
            return
        stored = max(found, key=lambda one: (sum(x.is_power for x in one), len(one)))
        is_power = any(one.is_power for one in stored)
        keys = ", ".join(dict.fromkeys(one.injected.place for one in stored))
        in_rows = any(one.change for one in stored)
        yield subject_of(evidence).finding(
            self.name,
            "mass-assignment" if is_power else "unknown-stored",
            severity=Severity.HIGH if is_power else Severity.MEDIUM,
            level=Level.CONFIRMED if in_rows else Level.PROBABLE,
            title="Mass assignment: a client sets what only the service may set" if is_power
            else "Unknown input is stored",
            expected="unknown keys are refused or ignored",
            observed=f"stored {'in the database' if in_rows else 'and read back'}: {keys}",
            tenant=victim_of(evidence.mutated[0].judged()),
            proofs=_proofs(stored),
        )  # fmt: skip

    def _stored(self, evidence: Evidence, trace: Trace, unknown: list[Injected]) -> list[_Stored]:
        out = []
        for injected in unknown:
            one = self._in_rows(evidence, trace, injected)
            if one is None and _is_read_back(trace, injected):
                one = _Stored(injected, None, is_column=False)
            if one is not None:
                out.append(one)
        return out

    def _in_rows(self, evidence: Evidence, trace: Trace, injected: Injected) -> _Stored | None:
        kept = None
        for change in trace.changes or ():
            is_noted = is_journal(change.entity, self.journals) or is_note(change, trace.judged())
            if change.operation is Operation.DELETE or is_noted:
                continue
            if _takes_column(evidence, change, injected):
                return _Stored(injected, change, is_column=True)
            if _holds_marker(change, injected):
                kept = kept or _Stored(injected, change, is_column=False)
        return kept


def _unknown(evidence: Evidence) -> list[Injected]:
    """What no clean request has: an injection into a field that exists is not unknown input."""
    if evidence.case is None or not evidence.controls:
        return []
    known = {
        pattern(place)
        for control in evidence.controls
        for attempt in control.judged()
        for place, _ in request_leaves(attempt.request)
    }
    return [one for one in evidence.case.mutation.injected if one.key and not _is_known(one.place, known)]


def _is_known(place: str, known: set[str]) -> bool:
    return place in known or any(other.startswith((f"{place}.", f"{place}[")) for other in known)


def _takes_column(evidence: Evidence, change: RowChange, injected: Injected) -> bool:
    """The column of that name has the injected value, and in the controls another one.

    A short value (`true`) must moreover be the only difference: all controls have the same other one.
    """
    column = next((name for name in change.row if _folded(name) == _folded(injected.key)), "")
    if not column or not _is_value(change.row[column], injected.value):
        return False
    usual = {
        text_of(other.row.get(column))
        for control in evidence.controls
        for other in control.changes or ()
        if (other.entity, other.operation) == (change.entity, change.operation)
    }
    is_steady = len(usual) == 1 or (bool(usual) and len(injected.value) >= _SHORTEST_MARKER)
    return is_steady and not any(_is_value(value, injected.value) for value in usual)


def _holds_marker(change: RowChange, injected: Injected) -> bool:
    if len(injected.value) < _SHORTEST_MARKER:
        return False
    return any(isinstance(cell, str) and injected.value in cell for cell in change.row.values())


def _is_read_back(trace: Trace, injected: Injected) -> bool:
    """An answer holds the value and the request for it did not send it: an echo is no proof."""
    if len(injected.value) < _SHORTEST_MARKER:
        return False
    wanted = injected.value.encode()
    return any(
        attempt.response is not None
        and wanted in attempt.response.body.data
        and wanted not in attempt.request.body.data
        and injected.value not in attempt.request.target
        for attempt in trace.attempts
    )


def _is_value(cell: Cell, value: str) -> bool:
    """`true` is stored as true, t or 1; other values as they are."""
    text = text_of(cell).lower()
    wanted = value.lower()
    if wanted in {"true", "1"}:
        return text in {"true", "1", "t"}
    if wanted in {"false", "0"}:
        return text in {"false", "0", "f"}
    return text == wanted


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _proofs(stored: list[_Stored]) -> tuple[Proof, ...]:
    keys: list[Tree] = [
        {"key": one.injected.place, "value": one.injected.value[:60], "found in": _where(one)} for one in stored
    ]
    rows: dict[str, Tree] = {repr(one.change.key): shown_change(one.change) for one in stored if one.change}
    proofs = (Proof("injected", keys),)
    return (*proofs, Proof("rows", list(rows.values())[:_ROWS_SHOWN])) if rows else proofs


def _where(one: _Stored) -> str:
    if one.change is None:
        return "a later answer"
    return f"column of {one.change.entity}" if one.is_column else f"inside a value of {one.change.entity}"
