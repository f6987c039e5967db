"""Writes a capture file while traffic is recorded.

Rule: takes redacted exchanges only; nothing else of the traffic can reach the file. Nothing is durable before `commit`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from replay.model.capture import CaptureInfo, RedactedField
from replay.model.errors import FileFormatError
from replay.model.exchange import RedactedExchange
from replay.model.session import Actor
from replay.store.capture_rows import body_row, exchange_row
from replay.store.capture_schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA
from replay.store.files import create_file, finish_file, open_for_update


@dataclass(frozen=True, slots=True)
class CaptureTotals:
    """What the file counts. `dropped` by reason."""

    captured: int
    refused: int
    dropped: tuple[tuple[str, int], ...]


class CaptureWriter:
    """One open capture. Every method but `commit` and `close` only adds to the open transaction."""

    def __init__(self, path: Path, info: CaptureInfo, *, append: bool = False) -> None:
        if append:
            self._connection = open_for_update(path, APPLICATION_ID, FORMAT_VERSION, "capture", SCHEMA)
        else:
            self._connection = create_file(path, SCHEMA, APPLICATION_ID, FORMAT_VERSION, "capture")
            self._connection.execute(
                "INSERT INTO meta VALUES (?, ?, ?, ?, '[]', ?)",
                (info.id, info.created, info.key_id, info.policy_digest, info.tool_version),
            )
            self._connection.commit()
        self.capture_id: str = self._connection.execute("SELECT id FROM meta").fetchone()[0]
        self._actors: dict[Actor, int] = {}

    @classmethod
    def create(cls, path: Path, info: CaptureInfo) -> CaptureWriter:
        return cls(path, info)

    @classmethod
    def open_append(cls, path: Path, info: CaptureInfo) -> CaptureWriter:
        """Go on with an existing capture, with the same key and rules only: equal values must keep equal stand-ins."""
        writer = cls(path, info, append=True)
        found = writer._connection.execute("SELECT key_id, policy_digest FROM meta").fetchone()
        if found != (info.key_id, info.policy_digest):
            writer.close()
            other = "key" if found[0] != info.key_id else "set of redaction rules"
            raise FileFormatError(f"{path} was recorded with another {other}: choose another name for this capture")
        return writer

    def next_number(self) -> int:
        """A number above that of every stored exchange and session."""
        highest = self._connection.execute("SELECT max(number) FROM exchange").fetchone()[0]
        return int(highest or 0) + 1

    def totals(self) -> CaptureTotals:
        captured = self._connection.execute("SELECT count(*) FROM exchange").fetchone()[0]
        rows = self._connection.execute("SELECT kind, reason, count FROM loss WHERE kind <> 'body'").fetchall()
        refused = sum(count for kind, _, count in rows if kind == "refused")
        return CaptureTotals(captured, refused, tuple((why, count) for kind, why, count in rows if kind == "dropped"))

    def add(
        self,
        number: int,
        session_id: str,
        actor: Actor | None,
        exchange: RedactedExchange,
        fields: tuple[RedactedField, ...],
    ) -> None:
        """Store one exchange. A known `actor` becomes the session's; None leaves the session's as it is."""
        self._connection.execute("INSERT OR IGNORE INTO session VALUES (?, NULL)", (session_id,))
        if actor:
            self.set_actor(session_id, actor)
        response = exchange.response
        bodies = (body_row(exchange.request.body), body_row(response.body) if response else None)
        self._connection.executemany("INSERT OR IGNORE INTO body VALUES (?, ?, ?)", [row for row in bodies if row])
        row = exchange_row(number, session_id, exchange)
        marks = ", ".join("?" * len(row))
        names = ", ".join(row)
        sql = f"INSERT INTO exchange ({names}) VALUES ({marks})"  # noqa: S608 - names are our own columns
        self._connection.execute(sql, tuple(row.values()))
        self._connection.executemany(
            "INSERT INTO redaction VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
            [(one.endpoint, one.side, one.place, one.value_class, one.action, one.count) for one in fields],
        )

    def set_actor(self, session_id: str, actor: Actor) -> None:
        """Who a session's actor is may become known late: an anonymous start, then a login."""
        self._connection.execute("UPDATE session SET actor_id = ? WHERE id = ?", (self._actor_id(actor), session_id))

    def add_origin(self, mark: str) -> None:
        """Remember where traffic went (a mark of `model.origin`)."""
        marks = json.loads(self._connection.execute("SELECT origins FROM meta").fetchone()[0])
        if mark not in marks:
            self._connection.execute("UPDATE meta SET origins = ?", (json.dumps([*marks, mark]),))

    def count_loss(self, kind: str, reason: str, count: int = 1) -> None:
        """Add to a count: `refused` (an exchange) or `body` (a body left out of a stored exchange)."""
        self._connection.execute(
            "INSERT INTO loss VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
            (kind, reason, count),
        )

    def set_loss(self, kind: str, reason: str, count: int) -> None:
        """State a count that somebody else keeps: `dropped`, by the proxy's side."""
        self._connection.execute(
            "INSERT INTO loss VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = excluded.count", (kind, reason, count)
        )

    def commit(self) -> None:
        self._connection.commit()

    def rollback(self) -> None:
        """Forget what was added since the last commit."""
        self._connection.rollback()
        self._actors.clear()

    def close(self) -> None:
        """Commit, and leave one file without companions."""
        finish_file(self._connection)

    def _actor_id(self, actor: Actor) -> int:
        if actor not in self._actors:
            key = (actor.tenant, actor.principal)
            self._connection.execute("INSERT OR IGNORE INTO actor (tenant, principal) VALUES (?, ?)", key)
            found = self._connection.execute("SELECT id FROM actor WHERE tenant = ? AND principal = ?", key).fetchone()
            if len(self._actors) >= 10_000:  # a cache only
                self._actors.clear()
            self._actors[actor] = found[0]
        return self._actors[actor]
