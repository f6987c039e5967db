"""What a run file says of its release: unmutated requests only, counted as they are read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from replay.baseline.measure import Amounts, EndpointMeasure, RunMeasure
from replay.model.errors import FileFormatError
from replay.model.evidence import Role
from replay.model.exchange import FaultKind
from replay.model.histogram import Histogram, bucket_of
from replay.store.files import open_readonly
from replay.store.run_reader import RunReader
from replay.store.run_schema import APPLICATION_ID
from replay.store.run_versions import SCHEMAS

# Clean replays, and the copies that ran beside them. Not cases: a mutated request is meant to be slow, or to fail.
_SENT = """
SELECT endpoint, ended - intended, coalesce(status, 599), request_bytes, coalesce(response_bytes, 0)
FROM attempt JOIN trace ON trace.id = attempt.trace_id
WHERE trace.role IN (?, ?) AND coalesce(fault, '') <> ?
"""
# A control plays the site of a case once, with the database read around it.
_ROWS = """
SELECT attempt.endpoint, (SELECT count(*) FROM row_change WHERE row_change.trace_id = trace.id)
FROM trace JOIN attempt ON attempt.trace_id = trace.id AND attempt.part = 'judged'
WHERE trace.role = ? AND trace.has_rows = 1
GROUP BY trace.id HAVING count(*) = 1
"""


def measure_of(path: Path) -> RunMeasure:
    """Raises FileFormatError for a file that holds no run."""
    reader = RunReader(path)
    try:
        info = reader.info()
    finally:
        reader.close()
    connection = open_readonly(path, SCHEMAS, APPLICATION_ID, "run file")
    try:
        endpoints = _endpoints(connection)
    except (sqlite3.Error, TypeError, ValueError) as error:
        raise FileFormatError(f"{path} is damaged: a row cannot be read ({type(error).__name__}).") from None
    finally:
        connection.close()
    if not endpoints:
        raise FileFormatError(f"{path} holds no clean replay to measure: its run stopped before one was complete.")
    return RunMeasure(info.id, info.capture_id, info.tool_version, info.started, endpoints)


class _Endpoint:
    def __init__(self) -> None:
        self.latency: dict[int, int] = {}
        self.longest = 0.0
        self.errors = 0
        self.sent_bytes = 0
        self.answered: dict[int, int] = {}
        self.rows: list[int] = []

    def measure(self, name: str) -> EndpointMeasure:
        return EndpointMeasure(
            name,
            Histogram.of(self.latency, self.longest),
            self.errors,
            self.sent_bytes,
            Amounts(tuple(sorted(self.answered.items()))),
            Amounts.of(self.rows),
        )


def _endpoints(connection: sqlite3.Connection) -> tuple[EndpointMeasure, ...]:
    found: dict[str, _Endpoint] = {}
    roles = (str(Role.CLEAN), str(Role.LOAD), str(FaultKind.WITHHELD))
    for endpoint, took, status, sent, answered in connection.execute(_SENT, roles):
        one = found.setdefault(endpoint, _Endpoint())
        bucket = bucket_of(took)
        one.latency[bucket] = one.latency.get(bucket, 0) + 1
        one.longest = max(one.longest, took)
        one.errors += status >= 500  # a fault counts as one
        one.sent_bytes += sent
        one.answered[answered] = one.answered.get(answered, 0) + 1
    for endpoint, changed in connection.execute(_ROWS, (str(Role.CONTROL),)):
        if endpoint in found:
            found[endpoint].rows.append(changed)
    return tuple(found[name].measure(name) for name in sorted(found))
