"""What exchanges of a capture file refer to, fetched when it is needed: bodies, terms and headers.

Rule: equal bodies and equal texts are one object for as long as they are remembered; each body is compared with its
digest, so a wrong dictionary or a damaged page is found where it is read.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from replay.model.body import Body
from replay.store import cells
from replay.store.capture_rows import Heading, body_digest, digested, load_headers
from replay.store.packing import Unpacker
from replay.store.seal_rows import LockedError, is_sealed, opener_of
from replay.store.sealing import Opener, Unlock

_MOST_BODIES_BYTES = 32 << 20  # remembered, unpacked
_MOST_TERMS = 20_000
_BODY_SQL = "SELECT digest, type, bytes, packing, data FROM body WHERE id = ?"


class PoolFullError(Exception):
    """More bodies than memory should hold."""


class BodyPool:
    """Every body that was read, once, for a caller that keeps them all anyway."""

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes
        self._bodies: dict[bytes, tuple[str, bytes]] = {}

    def put(self, digest: bytes, body: tuple[str, bytes]) -> tuple[str, bytes]:
        known = self._bodies.setdefault(digest, body)
        if known is body:
            self._left -= len(body[1])
            if self._left < 0:
                raise PoolFullError
        return known


class FoundContent:
    """See `capture_rows.Finder`."""

    def __init__(
        self, connection: sqlite3.Connection, unlock: Unlock | None = None, where: object = "this capture"
    ) -> None:
        """`where` names the file in messages."""
        self._connection = connection
        self._unlock = unlock
        self._where = where
        self._opener: Opener | None = None
        self._is_sealed: bool | None = None  # not known before something is read
        self._unpacker = Unpacker(self._dictionary)
        self._bodies: dict[int, tuple[str, bytes]] = {}
        self._bodies_bytes = 0
        self._terms: dict[int, str] = {}
        self._texts: dict[str, str] = {}
        self._pool: BodyPool | None = None

    def share(self, pool: BodyPool | None) -> None:
        """From now on every body stays in `pool`; None: at most _MOST_BODIES_BYTES are remembered."""
        self._pool = pool
        self._bodies.clear()
        self._bodies_bytes = 0

    def body(self, row_id: Any) -> tuple[str, bytes]:
        """(media type, data). Raises ValueError or LookupError for a forged row."""
        known = self._bodies.get(cells.whole(row_id))
        if known is None:
            row = self._connection.execute(_BODY_SQL, (row_id,)).fetchone()
            if row is None:
                raise LookupError("a body is missing")
            known = self.checked_body(row)
            if self._pool:
                known = self._pool.put(row[0], known)
            else:
                self._make_room(len(known[1]) + 100)
            self._bodies[row_id] = known
        return known

    def checked_body(self, row: tuple[Any, ...]) -> tuple[str, bytes]:
        """From digest, type, bytes, packing and data: unpacked under bounds, and what its digest says."""
        digest, kind, size_bytes, packing, cell = row
        packed = self._opened(cells.data(cell), "body", cells.data(digest))
        data = self._unpacker.unpack(cells.whole(packing, -1), packed, cells.whole(size_bytes))
        body = Body(data, self.term(kind))
        expected = self._opener.digest(cell, digested(body)) if self._opener else body_digest(body)
        if expected != digest:
            raise cells.DamagedCellError
        return body.content_type, data

    def term(self, row_id: Any) -> str:
        known = self._terms.get(cells.whole(row_id))
        if known is None:
            row = self._connection.execute("SELECT text FROM term WHERE id = ?", (row_id,)).fetchone()
            if row is None:
                raise LookupError("a term is missing")
            known = cells.text(row[0])
            if len(self._terms) >= _MOST_TERMS:
                self._terms.clear()
            self._terms[row_id] = known
        return known

    def headers(self, number: int, packing: int, packed: bytes) -> Heading:
        """Of exchange `number`; with its target where that is sealed with them."""
        data = self._unpacker.unpack(packing, self._opened(packed, "headers", b"%d" % number))
        return load_headers(data, self.term, self._shared, is_sealed=bool(self._is_sealed))

    def is_locked(self) -> bool:
        """True when content is encrypted and no key was given. Raises LockedError when the key is another one's."""
        if self._is_sealed is None:
            self._is_sealed = is_sealed(self._connection)
            if self._is_sealed and self._unlock:
                self._opener = opener_of(self._connection, self._unlock)
        return self._is_sealed and self._opener is None

    def _opened(self, cell: bytes, kind: str, place: bytes) -> bytes:
        if self.is_locked():
            raise LockedError(self._where)
        return self._opener.open(cell, kind, place) if self._opener else cell

    def _shared(self, text: str) -> str:
        """The same text as one object: header names repeat in every exchange."""
        if len(self._texts) > _MOST_TERMS:
            self._texts.clear()
        return self._texts.setdefault(text, text)

    def _make_room(self, size_bytes: int) -> None:
        self._bodies_bytes += size_bytes
        if self._bodies_bytes > _MOST_BODIES_BYTES:
            self._bodies.clear()
            self._bodies_bytes = size_bytes

    def _dictionary(self, number: int) -> bytes:
        row = self._connection.execute("SELECT data FROM dictionary WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise LookupError("a dictionary is missing")
        return self._opened(cells.data(row[0]), "dictionary", b"%d" % number)
