"""The dictionaries of one capture that is being written: kept in the file, sealed where the capture is encrypted."""

from __future__ import annotations

import sqlite3

from replay.store.packing import MOST_DICTIONARIES
from replay.store.sealing import Sealer


class DictionaryShelf:
    """`newest` is as it was trained; empty while there is none, and for one that was sealed by an earlier writer."""

    def __init__(self, connection: sqlite3.Connection, sealer: Sealer | None) -> None:
        self._connection = connection
        self._sealer = sealer
        self.newest = b""

    @property
    def is_full(self) -> bool:
        """Nobody would read a file with more of them: an encrypted one gets a new one for each start of a recorder."""
        return self._highest() >= MOST_DICTIONARIES

    def provide(self, handed: bytes, *, is_new: bool) -> tuple[int, bytes] | None:
        """(number, dictionary) to pack with from the start. `handed`: by the writer of the segment before."""
        if is_new:
            return (self.keep(handed), handed) if handed else None
        if self._sealer:
            # What was handed over was put into the prepared file as its only one: only then its number is known.
            if not handed or self._highest() != 1:
                return None
            self.newest = handed
            return 1, handed
        found = self._connection.execute("SELECT id, data FROM dictionary ORDER BY id DESC LIMIT 1").fetchone()
        if found is None:
            return None
        self.newest = found[1]
        return int(found[0]), self.newest

    def keep(self, dictionary: bytes) -> int:
        """Its number; in the open transaction."""
        number = self._highest() + 1
        data = self._sealer.seal(dictionary, "dictionary", b"%d" % number) if self._sealer else dictionary
        self._connection.execute("INSERT INTO dictionary VALUES (?, ?)", (number, data))
        self.newest = dictionary
        return number

    def _highest(self) -> int:
        return int(self._connection.execute("SELECT coalesce(max(id), 0) FROM dictionary").fetchone()[0])
