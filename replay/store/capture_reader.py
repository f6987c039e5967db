"""Reads a capture file back: sessions for the player, counts for people. A capture may come from somewhere else.

Rule: a capture is untrusted input. Opening refuses what is not exactly ours (see `store.files`), and a row that our
writer would not have made raises FileFormatError, not something deeper in.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from replay.model.capture import CaptureInfo, Loss, RedactedField
from replay.model.errors import FileFormatError
from replay.model.exchange import Exchange
from replay.model.session import Actor, Session
from replay.store.capture_contents import CaptureContents, read_contents
from replay.store.capture_rows import exchange_of
from replay.store.capture_schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA
from replay.store.files import open_readonly


class CaptureReader:
    """One open capture, read-only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = open_readonly(path, SCHEMA, APPLICATION_ID, FORMAT_VERSION, "capture")
        self._connection.row_factory = sqlite3.Row

    @classmethod
    def open(cls, path: Path) -> CaptureReader:
        """Raises FileFormatError when the file is missing, foreign, damaged or newer than this program."""
        return cls(path)

    def __enter__(self) -> CaptureReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def info(self) -> CaptureInfo:
        with self._reading():
            row = self._connection.execute("SELECT * FROM meta").fetchone()
            origins = tuple(str(mark) for mark in json.loads(row["origins"]))
            return CaptureInfo(
                id=row["id"],
                format_version=FORMAT_VERSION,
                created=float(row["created"]),
                key_id=row["key_id"],
                policy_digest=row["policy_digest"],
                origins=origins,
                tool_version=row["tool_version"],
            )

    def sessions(self) -> tuple[Session, ...]:
        """Every session, by its first exchange; its exchanges in the order in which they started."""
        with self._reading():
            actors = self._actors()
            bodies = {
                row["digest"]: (str(row["content_type"]), bytes(row["data"]))
                for row in self._connection.execute("SELECT * FROM body")
            }
            exchanges: dict[str, list[Exchange]] = {}
            for row in self._connection.execute("SELECT * FROM exchange ORDER BY started, number"):
                exchanges.setdefault(row["session_id"], []).append(exchange_of(dict(row), bodies))
            return tuple(Session(name, actors[name], tuple(found)) for name, found in exchanges.items())

    def redacted_fields(self) -> tuple[RedactedField, ...]:
        with self._reading():
            found = self._connection.execute("SELECT * FROM redaction ORDER BY 1, 2, 3, 4, 5")
            return tuple(RedactedField(*row) for row in found)

    def losses(self) -> tuple[Loss, ...]:
        """Exchanges that are not in the capture: dropped and refused."""
        return self._losses("SELECT * FROM loss WHERE kind <> 'body' ORDER BY kind, reason")

    def body_losses(self) -> tuple[Loss, ...]:
        """Bodies that were left out of captured exchanges, and why."""
        return self._losses("SELECT * FROM loss WHERE kind = 'body' ORDER BY reason")

    def contents(self) -> CaptureContents:
        """Counts for people; cheap also for a capture that does not fit in memory."""
        with self._reading():
            return read_contents(self._connection)

    def _losses(self, sql: str) -> tuple[Loss, ...]:
        with self._reading():
            return tuple(Loss(row["kind"], row["reason"], int(row["count"])) for row in self._connection.execute(sql))

    def _actors(self) -> dict[str, Actor | None]:
        found = self._connection.execute(
            "SELECT session.id, tenant, principal FROM session LEFT JOIN actor ON actor.id = actor_id"
        )
        return {
            name: None if principal is None else Actor(str(tenant), str(principal)) for name, tenant, principal in found
        }

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One place that turns every way in which a damaged or forged row shows itself into a sentence."""
        try:
            yield
        except (sqlite3.Error, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            raise FileFormatError(f"{self._path} is damaged: it holds rows that no recorder writes") from None
