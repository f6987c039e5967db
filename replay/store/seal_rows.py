"""The rows of table seal: read for whoever has the key, written when a file is opened for writing."""

from __future__ import annotations

import sqlite3
from typing import Any

from replay.model.errors import FileFormatError
from replay.store import cells
from replay.store.sealing import MOST_SEALS, Opener, Sealer, Unlock, Wrapped

_HAS_SEALS = "SELECT count(*) FROM sqlite_master WHERE name = 'seal'"  # captures of format 2 have no such table


class LockedError(FileFormatError):
    """The content of this capture is encrypted, and no key that opens it was given."""

    def __init__(self, where: object, *, has_key: bool = False) -> None:
        wrong = "to somebody else than this key's owner" if has_key else "and no key was given"
        super().__init__(f"{where} is encrypted, {wrong}: say --unlock with the file of the recipient's private key")


def is_sealed(connection: sqlite3.Connection) -> bool:
    """True when content of this file is encrypted."""
    if not connection.execute(_HAS_SEALS).fetchone()[0]:
        return False
    return connection.execute("SELECT 1 FROM seal LIMIT 1").fetchone() is not None


def opener_of(connection: sqlite3.Connection, unlock: Unlock) -> Opener:
    """Raises LockedError when the capture was encrypted to somebody else, ValueError for forged rows."""
    capture_id, recipient = connection.execute("SELECT id, recipient FROM meta").fetchone()
    if cells.text(recipient, 64) != unlock.recipient:
        raise LockedError(f"capture {cells.text(capture_id, 64)}", has_key=True)
    rows = connection.execute("SELECT number, sender, wrapped FROM seal LIMIT ?", (MOST_SEALS,))
    seals = {one.number: one for one in map(_wrapped, rows)}
    return Opener(cells.text(capture_id), seals, unlock)


def new_sealer(connection: sqlite3.Connection, capture_id: str, recipient: str) -> Sealer:
    """With a data key of its own, wrapped into the open transaction."""
    number = int(connection.execute("SELECT coalesce(max(number), 0) FROM seal").fetchone()[0]) + 1
    sealer = Sealer(capture_id, recipient, number)
    row = sealer.row
    connection.execute("INSERT INTO seal VALUES (?, ?, ?)", (row.number, row.sender, row.wrapped))
    return sealer


def _wrapped(row: tuple[Any, ...]) -> Wrapped:
    number, sender, wrapped = row
    return Wrapped(cells.whole(number, 1), cells.data(sender), cells.data(wrapped))
