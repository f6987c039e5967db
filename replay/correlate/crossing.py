"""Values that one group of sessions was given and another gives back: bindings that playing in groups cannot keep.

    group 1:  ... -> {"id": "ord-93xk20da71"}          remembered as a few bits, as group 1's
    group 2:  GET /orders/ord-93xk20da71 -> ...        nobody in this group gave it

Rule: the whole capture is taken in before the first group is played: what is known does not depend on what was played
before, by this process, by one that was interrupted, or by another shard's. Whoever was given a value first owns it.
Rule: memory is fixed whatever the capture's size (two Bloom filters): a value may be taken for one that another group
was given, or for one's own (either about 1 in 200 after ten million of them).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from struct import Struct

from replay.correlate.bindings import Bindings
from replay.correlate.credentials import is_static
from replay.correlate.shapes import canonical
from replay.correlate.strong import is_strong, strong_texts
from replay.model.exchange import Response
from replay.model.message import request_leaves
from replay.model.session import Session

_BITS = 1 << 27  # 16 MB, of each filter
_PARTS = Struct("<4I")
Marks = tuple[int, ...]
"""What is set for a value: four bits."""


class Crossing:
    """What all groups were given. Take the capture in first, in its own order; then ask with each group."""

    def __init__(self, unit_of: Mapping[str, str], bits: int = _BITS) -> None:
        """`unit_of`: the group of each session, by name; a session that is not in it is played elsewhere."""
        self._unit_of = unit_of
        self._given = _Filter(bits)
        self._keys: dict[str, Marks] = {}
        self._first = _Filter(bits)  # unit and value, of the group that was given it first

    def take_in(self, session: str, response: Response) -> None:
        unit = self._unit_of.get(session, "")
        for text in strong_texts(response):
            marks = _marks(text)
            if not self._given.has(marks):
                self._given.add(marks)
                self._first.add(self._owned(unit, marks))

    def close(self) -> None:
        """Everything was taken in: whose a session is need not be known any more."""
        self._unit_of = {}

    def of(self, unit: str, sessions: Sequence[Session], bindings: Bindings) -> frozenset[str]:
        """The exchanges of this group that give back what another group was given first."""
        found = set()
        for session in sessions:
            for exchange in session.exchanges:
                bound = {binding.place for binding in bindings.of(exchange.id)}
                for place, value in request_leaves(exchange.request):
                    text = canonical(value)
                    if place not in bound and not is_static(place) and self._is_of_others(unit, text):
                        found.add(exchange.id)
                        break
        return frozenset(found)

    def _is_of_others(self, unit: str, text: str) -> bool:
        if not is_strong(text):
            return False
        marks = _marks(text)
        return self._given.has(marks) and not self._first.has(self._owned(unit, marks))

    def _owned(self, unit: str, marks: Marks) -> Marks:
        """The marks of a text as that group's."""
        key = self._keys.get(unit)
        if key is None:
            key = self._keys[unit] = _marks(f"unit {unit}")
        return tuple([one ^ other for one, other in zip(marks, key, strict=True)])


class _Filter:
    """A Bloom filter of marks."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._marked = bytearray(bits // 8)

    def has(self, marks: Marks) -> bool:
        marked, bits = self._marked, self._bits
        for mark in marks:
            mark %= bits
            if not marked[mark >> 3] >> (mark & 7) & 1:
                return False
        return True

    def add(self, marks: Marks) -> None:
        for mark in marks:
            mark %= self._bits
            self._marked[mark >> 3] |= 1 << (mark & 7)


def _marks(text: str) -> Marks:
    """The same in every process: a keyless hash, four numbers of 32 bits."""
    return _PARTS.unpack(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_PARTS.size).digest())
