"""Writes a capture file while traffic is recorded.

Rule: takes redacted exchanges only; nothing else of the traffic can reach the file. Nothing is durable before `commit`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from replay.model.capture import CaptureInfo, RedactedField, StoredExchange
from replay.model.endpoint import endpoint_of
from replay.model.errors import FileFormatError
from replay.model.exchange import Exchange, RedactedExchange
from replay.model.session import TORN, Actor
from replay.store.append_refusal import other_rules
from replay.store.capture_rows import EXCHANGE_COLUMNS, MESSAGE_COLUMNS, dump_headers, exchange_row, message_rows
from replay.store.capture_schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA
from replay.store.content import ContentKeeper
from replay.store.dictionary import DictionaryTrainer
from replay.store.dictionary_shelf import DictionaryShelf
from replay.store.file_summary import FileSummary, summarise
from replay.store.files import PAGE_BYTES, companions, create_file, finish_file, open_for_update
from replay.store.packing import Packer
from replay.store.recent import Recent
from replay.store.seal_rows import new_sealer
from replay.store.tallies import Tallies

_EXCHANGE_SQL = f"INSERT INTO exchange VALUES ({', '.join('?' * len(EXCHANGE_COLUMNS))})"  # noqa: S608 - our own names
_MESSAGE_SQL = f"INSERT INTO message VALUES ({', '.join('?' * len(MESSAGE_COLUMNS))})"  # noqa: S608 - our own names
_MOST_ACTORS = 10_000
_MOST_SESSIONS = 50_000


@dataclass(frozen=True, slots=True)
class CaptureTotals:
    """What the file counts; what it lacks, by reason."""

    captured: int
    refusals: tuple[tuple[str, int], ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()
    skipped: tuple[tuple[str, int], ...] = ()

    @property
    def refused(self) -> int:
        return sum(count for _, count in self.refusals)


@dataclass(frozen=True, slots=True)
class SegmentStart:
    """What a segment takes over from the one before it."""

    number: int = 1
    origins: tuple[str, ...] = ()
    dictionary: bytes = b""


class CaptureWriter:
    """One open capture. Every method but `commit` and `close` only adds to the open transaction."""

    def __init__(
        self, path: Path, info: CaptureInfo, *, append: bool = False, start: SegmentStart = SegmentStart()
    ) -> None:
        """Of `start`, an existing file takes the dictionary only: nobody can read it back from an encrypted one."""
        self._path = path
        if append:
            self._connection = open_for_update(path, APPLICATION_ID, FORMAT_VERSION, "capture", SCHEMA)
        else:
            self._connection = create_file(
                path, SCHEMA, APPLICATION_ID, FORMAT_VERSION, "capture", page_bytes=PAGE_BYTES
            )
        try:
            if append:
                self._require_same(info)
            else:
                _begin(self._connection, info, start)
            self.capture_id: str
            self.segment: int
            self.capture_id, self.segment, self.lifetime, recipient = self._connection.execute(
                "SELECT id, segment, lifetime, recipient FROM meta"
            ).fetchone()
            self._sealer = new_sealer(self._connection, self.capture_id, recipient) if recipient else None
            self._dictionaries = DictionaryShelf(self._connection, self._sealer)
            self._packer = Packer()
            newest = self._dictionaries.provide(start.dictionary, is_new=not append)
            if newest:
                self._packer.use(*newest)
            self._connection.commit()
        except BaseException:
            self._connection.close()
            raise
        trainer = None if newest or self._dictionaries.is_full else DictionaryTrainer()
        self._companions = companions(path)
        self._tallies = Tallies(self._connection)
        self._content = ContentKeeper(self._connection, self._packer, trainer, self._tallies, self._sealer)
        self._actors: Recent[Actor] = Recent(_MOST_ACTORS)
        self._sessions: Recent[str] = Recent(_MOST_SESSIONS)

    @classmethod
    def create(cls, path: Path, info: CaptureInfo) -> CaptureWriter:
        return cls(path, info)

    @classmethod
    def open_append(cls, path: Path, info: CaptureInfo, start: SegmentStart = SegmentStart()) -> CaptureWriter:
        """Go on with an existing capture, with the same key and rules only: equal values must keep equal stand-ins."""
        return cls(path, info, append=True, start=start)

    def next_number(self) -> int:
        """A number above that of every stored exchange and session."""
        highest = self._connection.execute("SELECT max(number) FROM exchange").fetchone()[0]
        return int(highest or 0) + 1

    def totals(self) -> CaptureTotals:
        captured = self._connection.execute("SELECT coalesce(sum(exchanges), 0) FROM tally").fetchone()[0]
        rows = self._connection.execute("SELECT kind, reason, count FROM loss WHERE kind <> 'body'").fetchall()
        kinds = ("refused", "dropped", "skipped")
        by_kind = (tuple((why, n) for one, why, n in rows if one == kind) for kind in kinds)
        return CaptureTotals(captured + self._tallies.pending, *by_kind)

    def add(
        self,
        number: int,
        session_id: str,
        actor: Actor | None,
        exchange: RedactedExchange,
        fields: tuple[RedactedField, ...],
    ) -> None:
        """Store one exchange. A known `actor` becomes the session's; None leaves the session's as it is."""
        self._add(number, session_id, actor, exchange, fields)

    def copy(self, number: int, session_id: str, actor: Actor | None, stored: StoredExchange, connections: str) -> None:
        """Store what a capture holds already. `connections` goes before its connection: unique among the sources."""
        connection = stored.exchange.connection and connections + stored.exchange.connection
        exchange = replace(stored.exchange, id=f"e{number}", connection=connection)
        self._add(number, session_id, actor, exchange, ())

    def copy_fields(self, fields: Iterable[RedactedField]) -> None:
        """What redaction did in the captures that were copied."""
        self._tallies.redacted(fields)

    def mark_partial(self, session_id: str, reason: str) -> None:
        """This session lacks exchanges that it had, for a fixed word of a reason."""
        self._connection.execute("INSERT OR IGNORE INTO gap VALUES (?, ?)", (self._session(session_id), reason))

    def tear(self, seconds: float) -> None:
        """A writer died here: sessions of the last `seconds` before the newest exchange may lack some."""
        sql = "INSERT OR IGNORE INTO gap SELECT id, ? FROM session WHERE last >= (SELECT max(last) FROM session) - ?"
        self._connection.execute(sql, (TORN, seconds))

    def _add(
        self,
        number: int,
        session_id: str,
        actor: Actor | None,
        exchange: Exchange,
        fields: Iterable[RedactedField],
    ) -> None:
        session = self._session(session_id)
        if actor:
            self._set_actor(session, actor)
        method = exchange.request.method
        endpoint = self._tallies.endpoint(endpoint_of(method, exchange.request.target), method)
        is_sealed = self._sealer is not None
        headers = self._content.headers(number, dump_headers(exchange, self._content, with_target=is_sealed))
        row = exchange_row(number, session, endpoint, exchange, headers, self._content, with_target=not is_sealed)
        self._connection.execute(_EXCHANGE_SQL, row)
        if exchange.messages:
            self._connection.executemany(_MESSAGE_SQL, message_rows(number, exchange.messages, self._content))
            self._tallies.weigh("message", 0, 0, len(exchange.messages))
        self._tallies.count(session, endpoint, exchange, fields)
        if self._content.trainer:
            self._content.trainer.count_exchange()

    def set_actor(self, session_id: str, actor: Actor) -> None:
        """Who a session's actor is may become known late: an anonymous start, then a login."""
        self._set_actor(self._session(session_id), actor)

    def add_origin(self, mark: str) -> None:
        """Remember where traffic went (a mark of `model.origin`)."""
        marks = json.loads(self._connection.execute("SELECT origins FROM meta").fetchone()[0])
        if mark not in marks:
            self._connection.execute("UPDATE meta SET origins = ?", (json.dumps([*marks, mark]),))

    def count_loss(self, kind: str, reason: str, count: int = 1) -> None:
        """Add to a count: `refused`, `skipped` (exchanges) or `body` (a body left out of a stored exchange)."""
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
        """Everything since the last commit, at once; then, once, a dictionary is trained (0.1 s of CPU or less)."""
        self._tallies.flush()
        self._connection.commit()
        self._tallies.forget()
        if self._content.trainer and self._content.trainer.is_ready:
            self._train(self._content.trainer)

    def rollback(self) -> None:
        """Forget what was added since the last commit."""
        self._connection.rollback()
        self._tallies.forget(ids=True)
        self._content.forget()
        self._actors.clear()
        self._sessions.clear()

    def summary(self) -> FileSummary:
        """Of what is committed."""
        return summarise(self._connection)

    def size_bytes(self) -> int:
        """Of the database, wherever its pages are now: in the file or in its WAL."""
        pages, size = (self._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages * size)

    def hand_over(self) -> SegmentStart:
        """What the next segment starts with."""
        origins = json.loads(self._connection.execute("SELECT origins FROM meta").fetchone()[0])
        return SegmentStart(self.segment + 1, tuple(origins), self._dictionaries.newest)

    def is_intact(self) -> bool:
        """False when somebody else removed the files beside this one: what is committed from now on would hide."""
        return self._companions == companions(self._path)

    def settle(self) -> bool:
        """Bring everything committed into the file itself, without waiting for readers. True when it is there.

        Then it may be closed under readers: they cost that at most 0.1 s.
        """
        _, pages, done = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages == done:
            self._connection.execute("PRAGMA busy_timeout = 100").fetchone()
        return bool(pages == done)

    def close(self) -> None:
        """Commit, and leave one file without companions."""
        try:
            self._tallies.flush()
        finally:
            finish_file(self._connection)

    def _train(self, trainer: DictionaryTrainer) -> None:
        dictionary = trainer.train()
        self._content.trainer = None
        if dictionary is None:
            return
        try:
            number = self._dictionaries.keep(dictionary)
            self._connection.commit()
        except sqlite3.Error:  # a full disk: exchanges matter more, they go on being packed without one
            self._connection.rollback()
        else:
            self._packer.use(number, dictionary)

    def _require_same(self, info: CaptureInfo) -> None:
        found = self._connection.execute("SELECT key_id, policy_digest, recipient, tool_version FROM meta").fetchone()
        if found[:3] == (info.key_id, info.policy_digest, info.recipient):
            return
        sentence = "was recorded with another key: choose another name for this capture"
        if found[0] == info.key_id:
            sentence = other_rules(found[3], info.tool_version)
        if found[:2] == (info.key_id, info.policy_digest):
            kind = "encrypted to another key" if found[2] else "not encrypted"
            sentence = f"is {kind}: record with the --encrypt-to that it has, or choose another name for this capture"
        raise FileFormatError(f"{self._path} {sentence}")

    def _session(self, name: str) -> int:
        known = self._sessions.get(name)
        if known is None:
            self._connection.execute("INSERT OR IGNORE INTO session (name, exchanges) VALUES (?, 0)", (name,))
            found = self._connection.execute("SELECT id FROM session WHERE name = ?", (name,)).fetchone()
            known = int(found[0])
            self._sessions.put(name, known, len(name))
        return known

    def _set_actor(self, session: int, actor: Actor) -> None:
        row = {"actor": self._actor_id(actor), "session": session}  # by name: Python 3.12 warns of "?1" in a sequence
        sql = "UPDATE session SET actor_id = :actor WHERE id = :session AND actor_id IS NOT :actor"
        self._connection.execute(sql, row)

    def _actor_id(self, actor: Actor) -> int:
        known = self._actors.get(actor)
        if known is None:
            key = (actor.tenant, actor.principal)
            self._connection.execute("INSERT OR IGNORE INTO actor (tenant, principal) VALUES (?, ?)", key)
            found = self._connection.execute("SELECT id FROM actor WHERE tenant = ? AND principal = ?", key).fetchone()
            known = int(found[0])
            self._actors.put(actor, known, len(actor.tenant) + len(actor.principal))
        return known


def _begin(connection: sqlite3.Connection, info: CaptureInfo, start: SegmentStart) -> None:
    """The first transaction of a new file."""
    connection.execute(
        "INSERT INTO meta VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            info.id,
            info.created,
            info.key_id,
            info.policy_digest,
            info.key_salt,
            info.lifetime,
            info.recipient,
            json.dumps(start.origins),
            info.tool_version,
            start.number,
        ),
    )
