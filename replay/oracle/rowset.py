"""Row changes as oracles compare them: what a clean request does to the rows, and how a row is shown.

Rule: only what *every* clean request did, as often each time, is an effect. An entity whose count varies between
controls (lazy initialisation, background jobs) proves nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from replay.model.evidence import Attempt, Trace
from replay.model.message import text_of
from replay.model.reading import Cell, Operation, RowChange
from replay.model.tree import Tree

Effect = tuple[str, Operation]

# Tables that are written for every attempt, refused ones too: one more row there is no second effect.
JOURNALS = (
    "*audit*", "log", "logs", "*_log", "*_logs", "log_*", "*journal*", "*history*", "*outbox*", "*event", "*events",
    "*attempt*", "*idempoten*",
)  # fmt: skip

_SECRET = re.compile(r"passw|secret|token|hash|salt|authorization|cookie|api_?key|private", re.IGNORECASE)
_MARK = re.compile(r"<(\d+) bytes, digest [0-9a-f]+>$")  # how a probe ends the head of a long value
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_SHOWN_CHARS = 60


def effects(controls: Iterable[Trace]) -> dict[Effect, int]:
    """How many rows of each entity a clean request inserts, updates or deletes, where all controls agree."""
    counts = [Counter((c.entity, c.operation) for c in trace.changes or ()) for trace in controls]
    if not counts:
        return {}
    first, rest = counts[0], counts[1:]
    return {effect: n for effect, n in first.items() if all(other[effect] == n for other in rest)}


def inserts_of(trace: Trace, entity: str) -> list[RowChange]:
    changes = trace.changes or ()
    return [change for change in changes if change.entity == entity and change.operation is Operation.INSERT]


def changed_columns(change: RowChange) -> frozenset[str]:
    """What an update changed; empty when `before` is not known.

    A time that became another time is left out (every touch renews `updated_at`); one that was set or cleared is a
    change of state (`deleted_at`).
    """
    before, after = dict(change.before), dict(change.after)
    if len(before) <= len(change.key):
        return frozenset()
    changed = {name for name, value in after.items() if before.get(name) != value}
    return frozenset(
        name for name in changed if before.get(name) is None or after[name] is None or not _is_time(name, after[name])
    )


def is_usual(change: RowChange, controls: Iterable[Trace]) -> bool:
    """True when every control did the same to the same entity; of an update, changed one of the same columns."""
    return all(any(_is_alike(change, other) for other in control.changes or ()) for control in controls)


def _is_alike(one: RowChange, other: RowChange) -> bool:
    if (one.entity, one.operation) != (other.entity, other.operation):
        return False
    columns, others = changed_columns(one), changed_columns(other)
    return one.operation is not Operation.UPDATE or bool(columns & others)


def _is_time(name: str, value: Cell) -> bool:
    return name.endswith(("_at", "_on", "_time", "_date")) or (isinstance(value, str) and bool(_TIME.match(value)))


def is_journal(entity: str, journals: tuple[str, ...]) -> bool:
    """True when the table's name (without its schema) says that it takes notes of attempts."""
    name = entity.rpartition(".")[2].lower()
    return any(fnmatchcase(name, journal) for journal in journals)


def is_note(change: RowChange, attempts: Iterable[Attempt]) -> bool:
    """True when the row quotes the line of a request that was sent, method and path: an access log, whatever its name.

    Such a table takes notes of refused and of reading requests as well; one more row there is no second effect.
    """
    texts = {cell for cell in change.row.values() if isinstance(cell, str)}
    for attempt in attempts:
        request = attempt.request
        lines = {f"{request.method} {line}" for line in (request.target, request.path)}
        if request.method in texts and texts & {request.target, request.path}:
            return True
        if any(text.startswith(tuple(lines)) for text in texts):
            return True
    return False


def noted(controls: Iterable[Trace]) -> frozenset[str]:
    """Entities that take notes of requests: every row that a clean request inserted there is one."""
    notes: dict[str, bool] = {}
    for trace in controls:
        for change in trace.changes or ():
            is_one = change.operation is Operation.INSERT and is_note(change, trace.judged())
            notes[change.entity] = notes.get(change.entity, True) and is_one
    return frozenset(entity for entity, is_only in notes.items() if is_only)


def tells_other_outcome(change: RowChange, controls: Sequence[Trace], sent: frozenset[str]) -> bool:
    """True when an inserted row says something else where all clean ones say the same: `refused` instead of `ok`.

    Not where the key stands, nor what was `sent` (by clean requests, as text): that is what a mutation changes.
    """
    rows = [inserts_of(trace, change.entity) for trace in controls]
    others = [other.row for changes in rows for other in changes]
    if change.operation is not Operation.INSERT or not all(rows) or len(others) < 2:
        return False
    own = {name for name, _ in change.key} if len(change.key) < len(change.row) else set()
    return any(
        name not in own
        and value is not None
        and text_of(value) not in sent
        and value != change.row.get(name)
        and all(other.get(name) == value for other in others)
        for name, value in others[0].items()
    )


def cell_text(cell: Cell) -> str:
    return text_of(cell)


def cell_bytes(cell: Cell) -> int:
    """The cell's size; of a marked cell the size that the mark names."""
    text = text_of(cell)
    mark = _MARK.search(text)
    return int(mark.group(1)) if mark else len(text.encode("utf-8", "replace"))


def is_secret(name: str) -> bool:
    """True when a column, key or place by its name holds a credential, which no report shows."""
    return bool(_SECRET.search(name))


def shown(value: Cell) -> Cell:
    """The value as reports show it: long text cut."""
    if isinstance(value, str) and len(value) > _SHOWN_CHARS:
        return value[: _SHOWN_CHARS - 1] + "…"
    return value


def _half(value: Cell) -> str:
    """One side of `a → b`: both fit where one value does."""
    text = text_of(value)
    limit = _SHOWN_CHARS // 2 - 2
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shown_row(row: Mapping[str, Cell]) -> Tree:
    return {name: "(hidden)" if is_secret(name) and value is not None else shown(value) for name, value in row.items()}


def shown_change(change: RowChange) -> Tree:
    """A change as one flat line: the operation, then for an update only the columns that it changed, as `a → b`."""
    line: dict[str, Tree] = {"entity": change.entity, "operation": change.operation.value}
    line |= {name: shown(value) for name, value in change.key}
    before, after = dict(change.before), dict(change.after)
    for name, value in change.row.items():
        if name in line:
            continue
        if is_secret(name):
            line[name] = "(hidden)"
        elif before and after and before.get(name) != after.get(name):
            line[name] = f"{_half(before.get(name))} → {_half(after.get(name))}"
        else:
            line[name] = shown(value)
    return line
