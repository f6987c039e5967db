"""Counts that a writer keeps beside the rows: sessions, endpoints by outcome, redaction. Written once per commit."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable

from replay.model.capture import RedactedField
from replay.model.exchange import Exchange, Fault
from replay.store.recent import Recent

_MOST_ENDPOINTS = 10_000
Span = tuple[float, float, int]  # first, last, exchanges
Tally = tuple[int, float, float, float, float]  # exchanges, first, last, seconds, longest


class Tallies:
    """What the open transaction adds to counts. `flush` writes it, `forget` drops it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sessions: dict[int, Span] = {}
        self._endpoints: dict[tuple[int, str], Tally] = {}
        self._volume: dict[str, tuple[int, int, int]] = {}
        self._redacted: Counter[tuple[str, str, str, str, str]] = Counter()
        self._endpoint_ids: Recent[tuple[str, str]] = Recent(_MOST_ENDPOINTS)

    @property
    def pending(self) -> int:
        """Exchanges of the open transaction."""
        return sum(tally[0] for tally in self._endpoints.values())

    def endpoint(self, name: str, method: str) -> int:
        """The row of an endpoint."""
        key = (name, method)
        known = self._endpoint_ids.get(key)
        if known is None:
            self._connection.execute("INSERT OR IGNORE INTO endpoint (name, method) VALUES (?, ?)", key)
            found = self._connection.execute("SELECT id FROM endpoint WHERE name = ? AND method = ?", key).fetchone()
            known = int(found[0])
            self._endpoint_ids.put(key, known, len(name))
        return known

    def count(self, session_id: int, endpoint_id: int, exchange: Exchange, fields: Iterable[RedactedField]) -> None:
        outcome = exchange.outcome
        what = str(outcome.kind) if isinstance(outcome, Fault) else str(outcome.status)
        started, ended = exchange.started, exchange.ended
        first, last, exchanges = self._sessions.get(session_id, (started, ended, 0))
        self._sessions[session_id] = (min(first, started), max(last, ended), exchanges + 1)
        took, key = ended - started, (endpoint_id, what)
        n, first, last, total, longest = self._endpoints.get(key, (0, started, ended, 0.0, took))
        self._endpoints[key] = (n + 1, min(first, started), max(last, ended), total + took, max(longest, took))
        self.redacted(fields)

    def redacted(self, fields: Iterable[RedactedField]) -> None:
        for one in fields:
            self._redacted[one.endpoint, one.side, one.place, one.value_class, one.action] += one.count

    def weigh(self, what: str, size_bytes: int, packed_bytes: int, count: int = 1) -> None:
        n, total, packed = self._volume.get(what, (0, 0, 0))
        self._volume[what] = (n + count, total + size_bytes, packed + packed_bytes)

    def flush(self) -> None:
        """Into the open transaction. What was counted stays known until `forget`."""
        self._connection.executemany(
            "UPDATE session SET first = min(coalesce(first, ?), ?), last = max(coalesce(last, ?), ?),"
            " exchanges = exchanges + ? WHERE id = ?",
            [(first, first, last, last, n, number) for number, (first, last, n) in self._sessions.items()],
        )
        self._connection.executemany(
            "INSERT INTO tally VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " exchanges = exchanges + excluded.exchanges, first = min(first, excluded.first),"
            " last = max(last, excluded.last), seconds = seconds + excluded.seconds,"
            " longest = max(longest, excluded.longest)",
            [(*key, *tally) for key, tally in self._endpoints.items()],
        )
        self._connection.executemany(
            "INSERT INTO volume VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count,"
            " bytes = bytes + excluded.bytes, packed = packed + excluded.packed",
            [(what, *volume) for what, volume in self._volume.items()],
        )
        self._connection.executemany(
            "INSERT INTO redaction VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
            [(*key, count) for key, count in self._redacted.items()],
        )

    def forget(self, *, ids: bool = False) -> None:
        """After a commit; after a rollback with `ids`, since those that were given out may be given again."""
        self._sessions.clear()
        self._endpoints.clear()
        self._volume.clear()
        self._redacted.clear()
        if ids:
            self._endpoint_ids.clear()
