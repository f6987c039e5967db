"""Values that one group of sessions was given and another gives back: bindings that playing in groups cannot keep.

    group 1:  ... -> {"id": "ord-93xk20da71"}          remembered as a few bits
    group 2:  GET /orders/ord-93xk20da71 -> ...        nobody in this group gave it

Rule: memory is fixed whatever the capture's size (a Bloom filter): a value may be taken for one that was given before
(about 1 in 300 after ten million of them), never the other way round.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from replay.correlate.answers import given
from replay.correlate.bindings import Bindings
from replay.correlate.credentials import is_static
from replay.correlate.shapes import Strength, canonical, strength
from replay.model.message import request_leaves
from replay.model.session import Session

_BITS = 1 << 27  # 16 MB
_MARKS = 4  # bits a value


class Crossing:
    """What all groups so far were given. Ask with each group in turn."""

    def __init__(self, bits: int = _BITS) -> None:
        self._bits = bits
        self._filter = bytearray(bits // 8)

    def of(self, sessions: Sequence[Session], bindings: Bindings) -> frozenset[str]:
        """The exchanges of this group that give back what only earlier groups were given."""
        found = set()
        for session in sessions:
            for exchange in session.exchanges:
                bound = {binding.place for binding in bindings.of(exchange.id)}
                for place, value in request_leaves(exchange.request):
                    text = canonical(value)
                    if place not in bound and not is_static(place) and _is_strong(text) and self._knows(text):
                        found.add(exchange.id)
                        break
        for session in sessions:
            for exchange in session.exchanges:
                if exchange.response is not None:
                    for _, value, *_ in given(exchange.response):
                        text = canonical(value)
                        if _is_strong(text):
                            self._learn(text)
        return frozenset(found)

    def _knows(self, text: str) -> bool:
        return all(self._filter[mark >> 3] & (1 << (mark & 7)) for mark in self._marks(text))

    def _learn(self, text: str) -> None:
        for mark in self._marks(text):
            self._filter[mark >> 3] |= 1 << (mark & 7)

    def _marks(self, text: str) -> Iterator[int]:
        data = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4 * _MARKS).digest()
        for at in range(0, len(data), 4):
            yield int.from_bytes(data[at : at + 4], "little") % self._bits


def _is_strong(text: str) -> bool:
    return len(text) >= 8 and strength(text) is Strength.STRONG
