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
from collections.abc import Iterator, Mapping, Sequence

from replay.correlate.answers import given
from replay.correlate.bindings import Bindings
from replay.correlate.credentials import is_static
from replay.correlate.shapes import Strength, canonical, strength
from replay.model.exchange import Exchange
from replay.model.message import request_leaves
from replay.model.session import Session

_BITS = 1 << 27  # 16 MB, of each filter
_MARKS = 4  # bits a value


class Crossing:
    """What all groups were given. Take the capture in first, in its own order; then ask with each group."""

    def __init__(self, unit_of: Mapping[str, str], bits: int = _BITS) -> None:
        """`unit_of`: the group of each session, by name; a session that is not in it is played elsewhere."""
        self._unit_of = unit_of
        self._given = _Filter(bits)
        self._first = _Filter(bits)  # unit and value, of the group that was given it first

    def take_in(self, session: str, exchange: Exchange) -> None:
        if exchange.response is None:
            return
        for _, value, *_ in given(exchange.response):
            text = canonical(value)
            if _is_strong(text) and text not in self._given:
                self._given.add(text)
                self._first.add(f"{self._unit_of.get(session, '')} {text}")

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
        return _is_strong(text) and text in self._given and f"{unit} {text}" not in self._first


class _Filter:
    """A Bloom filter of texts."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._marked = bytearray(bits // 8)

    def __contains__(self, text: str) -> bool:
        return all(self._marked[mark >> 3] & (1 << (mark & 7)) for mark in self._marks(text))

    def add(self, text: str) -> None:
        for mark in self._marks(text):
            self._marked[mark >> 3] |= 1 << (mark & 7)

    def _marks(self, text: str) -> Iterator[int]:
        data = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4 * _MARKS).digest()
        for at in range(0, len(data), 4):
            yield int.from_bytes(data[at : at + 4], "little") % self._bits


def _is_strong(text: str) -> bool:
    return len(text) >= 8 and strength(text) is Strength.STRONG
