"""Whole bodies that came before: what became of each, and what the second look read in it.

Lists, settings and health pages are answered again and again, byte for byte; to walk one twice is waste. A body is
known by its digest from its second time on; two generations, bounded by the bytes of what they hold.

Rule: as for all of `memory`: forgetting everything changes no output, and nothing here is ever written or printed.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from replay.model.body import Body

SHORTEST, LONGEST = 2 << 10, 128 << 10  # bytes: shorter ones are quickly walked
_MOST_BYTES = 512 << 10  # of bodies, a generation; with their notes and words each weighs some ten times as much
_MOST_SEEN = 4_096  # digests of bodies that came once


@dataclass(slots=True, repr=False, eq=False)
class Document:
    """A redacted body, what was noted on the way, and (once it was of use) its words."""

    body: Body
    notes: Any  # contract.Notes, which stands above
    looks: list[Any] = field(default_factory=list)  # of readings.Look
    is_of_use: bool = False  # it was found again while it was known: until then nothing more is spent on it


class Documents:
    """Documents by (how it is read, digest), and by the very bytes object that stands for one."""

    __slots__ = ("_bytes", "_known", "_old", "_seen")

    def __init__(self) -> None:
        self._known: dict[Hashable, Document] = {}
        self._old: dict[Hashable, Document] = {}
        self._seen: set[Hashable] = set()
        self._bytes = 0

    def find(self, key: Hashable) -> Document | None:
        known = self._known.get(key)
        if known is None:
            known = self._old.get(key)
            if known is None:
                return None
            self.keep(key, known)
        known.is_of_use = True
        return known

    def comes_again(self, key: Hashable) -> bool:
        """True from the second time on."""
        if key in self._seen:
            return True
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen.add(key)
        return False

    def keep(self, key: Hashable, document: Document) -> None:
        self._bytes += len(document.body.data)
        if self._bytes > _MOST_BYTES:
            self._old, self._known, self._bytes = self._known, {}, len(document.body.data)
        self._known[key] = document
        self._known[document.body.data] = document

    def behind(self, data: bytes) -> Document | None:
        """The document of use whose redacted bytes these are; by the object's own hash, which is reckoned once."""
        known = self._known.get(data) if SHORTEST <= len(data) <= LONGEST else None
        return known if known is not None and known.is_of_use else None

    def held_bytes(self) -> int:
        """Of the bodies in both generations."""
        return sum(len(one.body.data) for part in (self._known, self._old) for one in {*part.values()})

    def clear(self) -> None:
        self._known, self._old, self._bytes = {}, {}, 0
        self._seen.clear()


def digest_of(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
