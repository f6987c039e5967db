"""Requests that broke off: what is left of their effect, and whether the client can still get it done.

Rule: only what every clean request makes is its effect; without it nothing can be said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from replay.model.evidence import Attempt, Evidence, Trace
from replay.model.exchange import FaultKind
from replay.model.reading import Operation, RowChange
from replay.oracle.key_meaning import Breach
from replay.oracle.once_only import promise_of
from replay.oracle.rowset import (
    Effect,
    cell_text,
    changed_columns,
    effects,
    is_journal,
    is_usual,
    noted,
    tells_other_outcome,
)

_BUSY = frozenset({409, 423, 425})
_ABOUT_THE_CALLER = frozenset({401, 403, 429})


def is_broken_off(attempt: Attempt) -> bool:
    return attempt.fault is not None and attempt.fault.kind is FaultKind.CLIENT_GONE


def own_effects(evidence: Evidence, journals: tuple[str, ...]) -> dict[Effect, int]:
    """What every clean request does to the rows, without notes, journals and rows that are merely touched."""
    notes = noted(evidence.controls)
    return {
        effect: count
        for effect, count in effects(evidence.controls).items()
        if effect[0] not in notes
        and not is_journal(effect[0], journals)
        and (effect[1] is not Operation.UPDATE or _is_change_of_state(evidence.controls, effect[0]))
    }


def done(evidence: Evidence, trace: Trace, wanted: dict[Effect, int]) -> Counter[Effect]:
    """How often each of the wanted effects is in the trace."""
    return Counter(
        (change.entity, change.operation)
        for change in trace.changes or ()
        if (change.entity, change.operation) in wanted and is_usual(change, evidence.controls)
    )


def without_effect(evidence: Evidence, trace: Trace, journals: tuple[str, ...]) -> Breach | None:
    """Sent again under the same key, to the end refused or acknowledged, and the rows of a clean request never came."""
    judged = trace.judged()
    if len(judged) < 2 or not is_broken_off(judged[0]) or not evidence.has_rows:
        return None
    promise, last = promise_of(trace), judged[-1]
    if promise is None or promise.is_weak or promise.keys != 1 or last.response is None:
        return None
    wanted = {effect: n for effect, n in own_effects(evidence, journals).items() if effect[1] is Operation.INSERT}
    if not wanted or done(evidence, trace, wanted):
        return None
    names = ", ".join(entity for entity, _ in wanted)
    if last.response.is_success:
        return Breach(
            "lost",
            "A request that broke off is acknowledged when it is sent again, and nothing is stored",
            f"the rows of one request: {names}",
            f"answered {last.status}, and no row of {names}",
            is_grave=True,
        )
    if 400 <= last.status < 500 and last.status not in _ABOUT_THE_CALLER:
        waited = last.sent - judged[0].ended
        return Breach(
            "stuck",
            "A request that broke off can never be sent again: its idempotency key stays in use",
            "a lock that ends with its request, so that the same key succeeds in the end",
            f"still answered {last.status} {waited:.1f} s later, and no row of {names}",
            is_sure=last.status not in _BUSY or len(judged) > 2,
        )
    return None


def part_done(evidence: Evidence, trace: Trace, journals: tuple[str, ...]) -> tuple[dict[Effect, int], Counter[Effect]]:
    """(wanted, done) when a part of the effect is there and the rest is not; two empty ones otherwise.

    Fewer rows of one table prove it. Of two tables only rows that refer to one another do: what counts requests, or
    meters them, is written first and rightly stays.
    """
    wanted = own_effects(evidence, journals)
    found = done(evidence, trace, wanted)
    missing = [effect for effect, count in wanted.items() if found[effect] < count]
    there = [effect for effect in wanted if found[effect]]
    sent = frozenset[str]()
    if any(tells_other_outcome(change, evidence.controls, sent) for change in _rows_of(trace, there)):
        return {}, Counter()  # it is marked as pending or failed: somebody will finish it, or has cleaned up
    for effect in missing:
        is_short = bool(found[effect]) and effect[1] is Operation.INSERT
        if is_short or any(
            _are_linked(evidence.controls, one, effect) for one in there if one[1] is not Operation.UPDATE
        ):
            return wanted, found
    return {}, Counter()


def _is_change_of_state(controls: Sequence[Trace], entity: str) -> bool:
    updates = [
        change
        for trace in controls
        for change in trace.changes or ()
        if change.entity == entity and change.operation is Operation.UPDATE
    ]
    return bool(updates) and all(changed_columns(change) for change in updates)


def _rows_of(trace: Trace, wanted: Sequence[Effect]) -> list[RowChange]:
    return [change for change in trace.changes or () if (change.entity, change.operation) in wanted]


def _are_linked(controls: Sequence[Trace], one: Effect, other: Effect) -> bool:
    """In every clean request a row of one table names the key of a row of the other, in a column that says so."""
    if one[0] == other[0]:
        return False
    return bool(controls) and all(
        any(
            _refers(first, second) or _refers(second, first)
            for first in _rows_of(trace, (one,))
            for second in _rows_of(trace, (other,))
        )
        for trace in controls
    )


def _refers(row: RowChange, parent: RowChange) -> bool:
    own = {name for name, _ in row.key} if len(row.key) < len(row.row) else set()
    keys = {cell_text(value) for _, value in parent.key if value is not None}
    if len(parent.key) == len(parent.row):
        return False  # no primary key: the whole row stands for it
    return any(
        name not in own and name.lower().endswith(("id", "ref", "code", "number")) and cell_text(value) in keys
        for name, value in row.row.items()
        if value is not None
    )
