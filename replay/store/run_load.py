"""Load figures out of a run file, counted from its attempts: resumed and merged runs add up by themselves."""

from __future__ import annotations

import sqlite3
from collections import defaultdict

from replay.model.evidence import Role
from replay.model.exchange import FaultKind
from replay.model.load import Load
from replay.pace.measuring import Meter

_SENT = """
SELECT attempt.trace_id, trace.role, endpoint, coalesce(sent_as_tenant, ''), status, fault, intended, sent, ended
FROM attempt JOIN trace ON trace.id = attempt.trace_id
WHERE trace.role <> ? AND coalesce(fault, '') <> ?
ORDER BY attempt.trace_id
"""
_UNITS = "SELECT trace_id, min(unit) FROM evidence GROUP BY trace_id"  # of a part: `UNIT@PART`


def load_of(connection: sqlite3.Connection, parts: int) -> Load:
    """`parts`: run files that were merged into this one. They ran side by side: the time is that of the longest."""
    meter = Meter()
    part_of = dict(connection.execute(_UNITS)) if parts > 1 else {}
    names: list[str] = []  # of every scenario: its part
    spans: list[tuple[float, float]] = []  # of every scenario: first sending, last answer
    trace = None
    for trace_id, role, endpoint, tenant, status, fault, intended, sent, ended in connection.execute(
        _SENT, (str(Role.RECORDED), str(FaultKind.WITHHELD))
    ):
        meter.add(endpoint, tenant, fault or str(status), intended, sent, ended)
        first, last = spans[-1] if spans else (sent, ended)
        if spans and (trace_id == trace or role == Role.LOAD):  # copies were played beside the trace before them
            spans[-1] = (min(first, sent), max(last, ended))
        else:
            trace = trace_id
            spans.append((sent, ended))
            names.append(str(part_of.get(trace_id, "")).rpartition("@")[2])
    took: dict[str, float] = defaultdict(float)
    for name, (first, last) in zip(names, spans, strict=True):
        took[name] += last - first
    meter.took(max(took.values(), default=0.0))
    return meter.load()
