"""Canonical rows: a row without what the database or the server makes anew for every request.

Two rows of two identical copies are the same effect twice when their canonical rows are equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from replay.model.evidence import Evidence, Trace
from replay.model.exchange import Request
from replay.model.message import request_leaves, text_of
from replay.model.reading import RowChange
from replay.oracle.rowset import cell_text, inserts_of

CanonicalRow = tuple[tuple[str, str], ...]


def generated_columns(evidence: Evidence, entity: str) -> frozenset[str]:
    """Columns that say nothing: what the catalogue names, the primary key, and what differs between controls unsent."""
    names = set(dict(evidence.generated).get(entity, ()))
    controls = [inserts_of(trace, entity) for trace in evidence.controls]
    for change in controls[0] if controls else ():
        if len(change.key) < len(change.row):  # without a primary key, `key` is the whole row
            names |= {name for name, _ in change.key}
    sent = [values_sent(attempt.request for attempt in trace.judged()) for trace in evidence.controls]
    for column in {name for changes in controls for change in changes for name in change.row}:
        values = [_values(changes, column) for changes in controls]
        was_sent = all(found & texts for found, texts in zip(values, sent, strict=True))
        if any(found != values[0] for found in values) and not was_sent:
            names.add(column)
    return frozenset(names)


def made_per_copy(trace: Trace, evidence: Evidence, entity: str) -> frozenset[str]:
    """Columns that differ between the rows of byte-identical copies, but never between the rows of one clean request.

    Such a column (an invoice number counted per tenant) is the server's own making, too: the requests were equal.
    """
    requests = [attempt.request for attempt in trace.judged()]
    if any((one.target, one.body.data) != (requests[0].target, requests[0].body.data) for one in requests):
        return frozenset()
    varying = _varying(inserts_of(trace, entity))
    for control in evidence.controls:
        varying -= _varying(inserts_of(control, entity))
    return frozenset(varying)


def count_equal(changes: Iterable[RowChange], without: frozenset[str]) -> int:
    """The size of the largest class of rows that are equal without the given columns."""
    classes = Counter(canonical_row(change, without) for change in changes)
    return max(classes.values(), default=0)


def largest_class(changes: Sequence[RowChange], without: frozenset[str]) -> list[RowChange]:
    """The rows of that class, in the order in which they were committed."""
    classes = Counter(canonical_row(change, without) for change in changes)
    if not classes:
        return []
    most = classes.most_common(1)[0][0]
    return [change for change in changes if canonical_row(change, without) == most]


def canonical_row(change: RowChange, without: frozenset[str]) -> CanonicalRow:
    return tuple(sorted((name, cell_text(value)) for name, value in change.row.items() if name not in without))


def values_sent(requests: Iterable[Request]) -> frozenset[str]:
    """Every value in the requests as text; true and false also as the 1 and 0 that databases keep."""
    out: set[str] = set()
    for request in requests:
        for _, value in request_leaves(request):
            out.add(text_of(value))
            if isinstance(value, bool):
                out.add(str(int(value)))
    return frozenset(out)


def _values(changes: Iterable[RowChange], column: str) -> frozenset[str]:
    return frozenset(cell_text(change.row.get(column)) for change in changes)


def _varying(changes: list[RowChange]) -> set[str]:
    columns = {name for change in changes for name in change.row}
    return {name for name in columns if len(_values(changes, name)) > 1}
