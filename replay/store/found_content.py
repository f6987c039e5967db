"""What exchanges of a capture file refer to, fetched when it is needed: bodies, terms and headers.

Rule: equal bodies and equal texts are one object for as long as they are remembered; each body is compared with its
digest, so a wrong dictionary or a damaged page is found where it is read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from replay.model.body import Body
from replay.model.headers import Headers
from replay.store import cells
from replay.store.capture_rows import Field, Heading, Shared, body_digest, digested, load_answer_headers, load_headers
from replay.store.packing import Unpacker
from replay.store.seal_rows import LockedError, is_sealed, opener_of
from replay.store.sealing import Opener, Unlock

_MOST_BODIES_BYTES = 32 << 20  # remembered, unpacked
_MOST_TERMS = 20_000
_AT_ONCE = 200  # rows of one statement
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
        self._fields: dict[Field, Field] = {}
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
            known = self._keep(row_id, row)
        return known

    def _keep(self, row_id: int, row: tuple[Any, ...]) -> tuple[str, bytes]:
        known = self.checked_body(row)
        if self._pool:
            known = self._pool.put(row[0], known)
        else:
            self._make_room(len(known[1]) + 100)
        self._bodies[row_id] = known
        return known

    def prefetch(self, row_ids: Iterable[Any]) -> None:
        """Bodies that are asked for soon, in one statement each for many of them."""
        wanted = [one for one in dict.fromkeys(row_ids) if one.__class__ is int and one not in self._bodies]
        for first in range(0, len(wanted), _AT_ONCE):
            some = wanted[first : first + _AT_ONCE]
            marks = ",".join("?" * len(some))
            sql = f"SELECT id, digest, type, bytes, packing, data FROM body WHERE id IN ({marks})"  # noqa: S608 - marks alone
            for row_id, *row in self._connection.execute(sql, some):
                self._keep(row_id, tuple(row))

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
        return load_headers(data, self.term, self._shared(), is_sealed=bool(self._is_sealed))

    def answer_headers(self, number: int, packing: int, packed: bytes) -> tuple[Headers, Headers]:
        """Those of the response, and its trailers."""
        data = self._unpacker.unpack(packing, self._opened(packed, "headers", b"%d" % number))
        return load_answer_headers(data, self.term, self._shared())

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

    def _shared(self) -> Shared:
        if len(self._fields) > _MOST_TERMS:
            self._fields.clear()
        return self._fields.setdefault

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
