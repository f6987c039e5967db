"""Reads one capture file row by row: whole captures are in `capture_reader`.

Rule: a capture is untrusted input. A row that our writer would not have made raises FileFormatError, not something
deeper in; memory is bounded by one exchange, a cache of bodies, and what the caller keeps.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from replay.model.capture import CaptureInfo, Loss, RedactedField, StoredExchange
from replay.model.errors import FileFormatError
from replay.model.exchange import Response, SocketMessage
from replay.model.session import Actor
from replay.store import cells
from replay.store.capture_rows import (
    ANSWER_COLUMNS,
    EXCHANGE_COLUMNS,
    MESSAGE_COLUMNS,
    Row,
    exchange_of,
    message_of,
    response_of,
)
from replay.store.capture_schema import APPLICATION_ID, FORMAT_VERSION, OLDER_VERSION, SCHEMA, SCHEMA_2
from replay.store.file_summary import FileSummary, summarise
from replay.store.files import CAPTURE_CHECKS, Checks, open_readonly
from replay.store.found_content import BodyPool, FoundContent, PoolFullError
from replay.store.sealing import Unlock

_COLUMNS = ", ".join(f"e.{name}" for name in EXCHANGE_COLUMNS)
# The joins are outer ones so that a row without its session or endpoint is seen, not passed over.
_ROWS = (
    f"SELECT {_COLUMNS}, p.method, s.name, a.id, a.tenant, a.principal FROM exchange e"  # noqa: S608 - our own names
    " LEFT JOIN endpoint p ON p.id = e.endpoint_id LEFT JOIN session s ON s.id = e.session_id"
    " LEFT JOIN actor a ON a.id = s.actor_id"
)
_ANSWERS = (
    f"SELECT {', '.join(f'e.{name}' for name in ANSWER_COLUMNS)}, s.name FROM exchange e"  # noqa: S608 - our own names
    " LEFT JOIN session s ON s.id = e.session_id WHERE e.status IS NOT NULL ORDER BY e.number"
)
_ANSWERS_BODY = ANSWER_COLUMNS.index("response_body")
_MESSAGES = f"SELECT {', '.join(MESSAGE_COLUMNS)} FROM message WHERE exchange = ? ORDER BY position"  # noqa: S608 - ours
_KINDS = frozenset({"dropped", "refused", "skipped", "body"})
_MOST_ORIGINS = 10_000
_SCHEMAS = {FORMAT_VERSION: SCHEMA, OLDER_VERSION: SCHEMA_2}
_IS_OLDER = "SELECT count(*) FROM sqlite_master WHERE name = 'seal'"  # the schema was compared when it was opened
_META = "id, created, key_id, policy_digest, origins, tool_version, segment"
_OWN_COLUMNS = len(EXCHANGE_COLUMNS)
_SESSION_COLUMN = EXCHANGE_COLUMNS.index("session_id")
_COUNT_COLUMN = EXCHANGE_COLUMNS.index("messages")
_BODY_COLUMNS = (EXCHANGE_COLUMNS.index("request_body"), EXCHANGE_COLUMNS.index("response_body"))
_SESSIONS_AT_ONCE = 200
_ROWS_AT_ONCE = 100
Place = tuple[str, Actor | None, float, int]  # of a session: name, actor, first start, exchanges


class CaptureFile:
    """One open file, read-only."""

    def __init__(self, path: Path, checks: Checks | None = None, unlock: Unlock | None = None) -> None:
        self.path = path
        wanted = checks or CAPTURE_CHECKS
        self.connection = open_readonly(path, _SCHEMAS, APPLICATION_ID, "capture", wanted)
        self._content = FoundContent(self.connection, unlock, path)

    def close(self) -> None:
        self.connection.close()

    def is_locked(self) -> bool:
        """True when bodies, headers and targets are encrypted and cannot be read. Raises FileFormatError."""
        with self.reading():
            return self._content.is_locked()

    def info(self) -> CaptureInfo:
        return self._meta()[0]

    def segment(self) -> int:
        return self._meta()[1]

    def share(self, pool: BodyPool | None) -> None:
        """Keep every body that is read from now on in `pool`; None: a bounded number of them."""
        self._content.share(pool)

    def require_sessions(self) -> None:
        """Every exchange has its session. Raises FileFormatError."""
        sql = (
            "SELECT 1 FROM exchange e LEFT JOIN session s ON s.id = e.session_id"
            " WHERE s.exchanges IS NULL OR s.exchanges < 1 LIMIT 1"
        )
        with self.reading():
            if self.connection.execute(sql).fetchone():
                raise LookupError("a session is missing")

    def stored(self) -> Iterator[StoredExchange]:
        """In the order of numbers."""
        with self.reading():
            for row in self.connection.execute(f"{_ROWS} ORDER BY e.number"):
                yield self._stored(row)

    def answers(self) -> Iterator[tuple[str, Response]]:
        """Session and response of every exchange that has one, in the order of numbers; no request is read."""
        with self.reading():
            cursor = self.connection.execute(_ANSWERS)
            while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                self._content.prefetch(row[_ANSWERS_BODY] for row in rows if row[_ANSWERS_BODY] is not None)
                for row in rows:
                    yield cells.text(row[-1]), response_of(row[:-1], self._content)

    def places(self) -> Iterator[tuple[int, Place]]:
        """Every session by its row, ordered by its first exchange. One that has none in this file comes first."""
        sql = (
            "SELECT s.id, s.name, a.id, a.tenant, a.principal, s.first, s.exchanges FROM session s"
            " LEFT JOIN actor a ON a.id = s.actor_id ORDER BY s.first, s.id"
        )
        with self.reading():
            for row_id, name, actor_id, tenant, principal, first, exchanges in self.connection.execute(sql):
                start = 0.0 if first is None else cells.seconds(first)
                place = (cells.text(name), _actor(actor_id, tenant, principal), start, cells.whole(exchanges))
                yield cells.whole(row_id), place

    def weights(self) -> Iterator[tuple[int, int]]:
        """Every session's row and the bytes of its bodies, in the order of `places`. Nothing is unpacked."""
        sql = (
            "SELECT s.id, (SELECT total(q.bytes) + total(p.bytes) FROM exchange e"
            " LEFT JOIN body q ON q.id = e.request_body LEFT JOIN body p ON p.id = e.response_body"
            " WHERE e.session_id = s.id) FROM session s ORDER BY s.first, s.id"
        )
        with self.reading():
            for row_id, size_bytes in self.connection.execute(sql):
                yield cells.whole(row_id), int(cells.seconds(size_bytes))

    def gaps(self) -> Iterator[tuple[str, str]]:
        """Session and reason, for sessions that are known to lack exchanges."""
        sql = "SELECT s.name, g.reason FROM gap g JOIN session s ON s.id = g.session_id ORDER BY s.id, g.reason"
        with self.reading():
            for name, reason in self.connection.execute(sql):
                yield cells.text(name), cells.text(reason)

    def of_session(self, row_id: int) -> list[StoredExchange]:
        """The exchanges of one session, in the order of numbers."""
        with self.reading():
            found = self.connection.execute(f"{_ROWS} WHERE e.session_id = ? ORDER BY e.number", (row_id,))
            return [self._stored(row) for row in found]

    def of_sessions(self, row_ids: Sequence[int]) -> dict[int, list[StoredExchange]]:
        """The same of several sessions, in a few statements for all of them."""
        found: dict[int, list[StoredExchange]] = {row_id: [] for row_id in row_ids}
        with self.reading():
            for first in range(0, len(row_ids), _SESSIONS_AT_ONCE):
                some = row_ids[first : first + _SESSIONS_AT_ONCE]
                marks = ",".join("?" * len(some))
                cursor = self.connection.execute(f"{_ROWS} WHERE e.session_id IN ({marks}) ORDER BY e.number", some)
                while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                    self._content.prefetch(row[at] for row in rows for at in _BODY_COLUMNS)
                    for row in rows:
                        found[row[_SESSION_COLUMN]].append(self._stored(row))
        return found

    def damaged_bodies(self) -> Iterator[int]:
        """Rows of bodies that cannot be unpacked, or are not what their digest says."""
        with self.reading():
            for row_id, *row in self.connection.execute("SELECT id, digest, type, bytes, packing, data FROM body"):
                try:
                    self._content.checked_body(tuple(row))
                except (ValueError, LookupError, TypeError):
                    yield row_id

    def damaged_exchanges(self) -> Iterator[int]:
        """Rows of exchanges that cannot be read."""
        with self.reading():
            for row in self.connection.execute(f"{_ROWS} ORDER BY e.number"):
                try:
                    self._stored(row)
                except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
                    yield row[0]

    def redacted_fields(self) -> tuple[RedactedField, ...]:
        with self.reading():
            found = self.connection.execute("SELECT * FROM redaction ORDER BY 1, 2, 3, 4, 5")
            return tuple(
                RedactedField(
                    cells.text(endpoint), cells.text(side), cells.text(place), cells.text(kind), cells.text(action), n
                )
                for endpoint, side, place, kind, action, count in found
                for n in (cells.whole(count),)
            )

    def losses(self) -> tuple[Loss, ...]:
        with self.reading():
            found = self.connection.execute("SELECT kind, reason, count FROM loss ORDER BY kind, reason")
            return tuple(Loss(cells.one_of(kind, _KINDS), cells.text(why), cells.whole(n)) for kind, why, n in found)

    def summary(self) -> FileSummary:
        with self.reading():
            return summarise(self.connection)

    def size_bytes(self) -> int:
        """Of the file and, while it is being written, its WAL."""
        paths = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(one.stat().st_size for one in paths if one.exists())

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One place that turns every way in which a damaged or forged row shows itself into a sentence."""
        try:
            yield
        except PoolFullError:
            raise
        except (sqlite3.Error, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
            raise FileFormatError(f"{self.path} is damaged: it holds rows that no recorder writes") from None

    def _meta(self) -> tuple[CaptureInfo, int]:
        with self.reading():
            is_older = self.connection.execute(_IS_OLDER).fetchone()[0] == 0
            version = OLDER_VERSION if is_older else FORMAT_VERSION
            since_3 = ", '', 0.0, ''" if is_older else ", key_salt, lifetime, recipient"
            row = self.connection.execute(f"SELECT {_META}{since_3} FROM meta").fetchone()  # noqa: S608 - our own names
            name, created, key_id, digest, origins, tool, segment, salt, lifetime, recipient = row
            marks = json.loads(cells.text(origins))
            if not isinstance(marks, list) or len(marks) > _MOST_ORIGINS:
                raise cells.DamagedCellError
            info = CaptureInfo(
                id=cells.text(name),
                format_version=version,
                created=cells.seconds(created),
                key_id=cells.text(key_id),
                policy_digest=cells.text(digest),
                origins=tuple(cells.text(mark) for mark in marks),
                tool_version=cells.text(tool),
                key_salt=cells.text(salt),
                lifetime=cells.seconds(lifetime),
                recipient=cells.text(recipient, 64),
            )
            return info, cells.whole(segment, 1)

    def _stored(self, row: Row) -> StoredExchange:
        method, session, actor_id, tenant, principal = row[_OWN_COLUMNS:]
        number, count = cells.whole(row[0]), row[_COUNT_COLUMN]
        messages = self._messages(number) if count else ()
        exchange = exchange_of(row[:_OWN_COLUMNS], cells.text(method), messages, self._content)
        return StoredExchange(cells.text(session), _actor(actor_id, tenant, principal), exchange, number)

    def _messages(self, number: int) -> tuple[SocketMessage, ...]:
        found = self.connection.execute(_MESSAGES, (number,))
        return tuple(message_of(row, i, self._content) for i, row in enumerate(found))


def _actor(actor_id: Any, tenant: Any, principal: Any) -> Actor | None:
    return None if actor_id is None else Actor(cells.text(tenant), cells.text(principal))
