"""Where a writer keeps what exchanges refer to: bodies once by digest, repeated texts once, and their row ids.

Where the capture is encrypted, what is kept here is sealed, and no header value becomes a term, which is readable.

Rule: row ids are known for the open transaction and for what was committed; after a rollback everything is forgotten.
"""

from __future__ import annotations

import sqlite3

from replay.model.body import Body
from replay.store.capture_rows import body_digest, digested
from replay.store.dictionary import DictionaryTrainer
from replay.store.packing import Packer
from replay.store.recent import Recent
from replay.store.sealing import Sealer
from replay.store.tallies import Tallies

_MOST_BODIES = 20_000  # digests of 16 bytes
_MOST_TERMS = 20_000
_MOST_TERM = 8 << 10  # characters; a longer value is stored with its exchange
_MOST_SEEN = 50_000  # hashes of values that were seen once


class ContentKeeper:
    """Bodies and terms of one open capture. See `capture_rows.Keeper`."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        packer: Packer,
        trainer: DictionaryTrainer | None,
        tallies: Tallies,
        sealer: Sealer | None = None,
    ) -> None:
        self._connection = connection
        self._sealer = sealer
        self._tallies = tallies
        self._packer = packer
        self.trainer = trainer  # None once there is a dictionary
        self._bodies: Recent[bytes] = Recent(_MOST_BODIES)
        self._terms: Recent[str] = Recent(_MOST_TERMS)
        self._seen: set[int] = set()

    def forget(self) -> None:
        """After a rollback: ids that were given out may be given again."""
        self._bodies.clear()
        self._terms.clear()

    def headers(self, number: int, data: bytes) -> tuple[int, bytes]:
        """(packing, packed) of the header block of exchange `number`."""
        return self._pack("headers", data, b"%d" % number)

    def body(self, body: Body) -> int | None:
        """The row of a body; None when there is neither data nor a type."""
        if not body.data and not body.content_type:
            return None
        digest = self._sealer.digest(digested(body)) if self._sealer else body_digest(body)
        known = self._bodies.get(digest)
        if known is None:
            row = self._connection.execute("SELECT id FROM body WHERE digest = ?", (digest,)).fetchone()
            known = int(row[0]) if row else self._insert(digest, body)
            self._bodies.put(digest, known)
        return known

    def term(self, text: str) -> int:
        """The row of a text."""
        known = self._terms.get(text)
        if known is None:
            known = self._connection.execute("INSERT INTO term (text) VALUES (?)", (text,)).lastrowid or 0
            self._terms.put(text, known, len(text))
        return known

    def repeated(self, side: str, name: str, value: str) -> int | None:
        """The row of a header value from its second time on: one that never comes again costs nothing more."""
        if self._sealer or len(value) > _MOST_TERM:
            return None
        known = self._terms.get(value)
        if known is not None:
            return known
        mark = hash((side, name, value))
        if mark in self._seen:
            return self.term(value)
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen.add(mark)
        return None

    def _pack(self, what: str, data: bytes, place: bytes) -> tuple[int, bytes]:
        if self.trainer:
            self.trainer.offer(data)
        packing, packed = self._packer.pack(data)
        if self._sealer:
            packed = self._sealer.seal(packed, what, place)
        self._tallies.weigh(what, len(data), len(packed))
        return packing, packed

    def _insert(self, digest: bytes, body: Body) -> int:
        row = (digest, self.term(body.content_type), len(body.data), *self._pack("body", body.data, digest))
        sql = "INSERT INTO body (digest, type, bytes, packing, data) VALUES (?, ?, ?, ?, ?)"
        return self._connection.execute(sql, row).lastrowid or 0
