"""Finds planted secrets in bytes: every writing of every secret at once.

    needles, by their first eight bytes  ∩  all runs of eight bytes of an artefact  =  what may be there; then look

Rule: bytes are compared in lower case on both sides, so no spelling of a value slips through by its case.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from replay.canary.planted import Secret
from replay.canary.unfolding import Unfolding
from replay.canary.variants import FRAGMENT, SHORTEST, Needle

_PLAIN = Unfolding()
_HEX = frozenset(bytes([digit]) for digit in b"0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret that was found. Tells where and in which writing, never what."""

    secret: Secret
    variant: str
    artefact: str
    offset: int
    layer: int  # 0: the bytes themselves; else how many layers had been decoded before


def _place(data: bytes, needle: Needle) -> int:
    """Where the needle is; -1: nowhere.

    Eight digits in the midst of a long hexadecimal number are chance: a stand-in of 54 such digits holds a fragment of
    one of a hundred cards once in some ten thousand. What is left of a masked card ends where the mask begins.
    """
    offset = data.find(needle.data)
    if needle.variant != FRAGMENT or not needle.data.isdigit():
        return offset
    while offset >= 0 and not _is_cut_out(data, offset, needle):
        offset = data.find(needle.data, offset + 1)
    return offset


def _is_cut_out(data: bytes, offset: int, needle: Needle) -> bool:
    """The secret's digits around the fragment belong to it; then one end, at least, is the end of the number."""
    text = needle.secret.text.lower().encode()
    first = text.find(needle.data)
    start, end, after = offset, offset + len(needle.data), first + len(needle.data)
    while start and first and data[start - 1] == text[first - 1]:
        start, first = start - 1, first - 1
    while end < len(data) and after < len(text) and data[end] == text[after]:
        end, after = end + 1, after + 1
    return data[start - 1 : start] not in _HEX or data[end : end + 1] not in _HEX


class Detector:
    """Made once for all secrets of a run."""

    def __init__(self, wanted: Iterable[Needle], short: Iterable[Secret] = ()) -> None:
        """`short`: secrets of fewer than eight characters, found as numbers of their own."""
        self._by_start: dict[int, list[Needle]] = defaultdict(list)
        for needle in wanted:
            self._by_start[int.from_bytes(needle.data[:SHORTEST], sys.byteorder)].append(needle)
        self._starts = frozenset(self._by_start)
        self._short = {secret.text.encode(): secret for secret in short}
        words = b"|".join(map(re.escape, self._short))
        self._numbers = re.compile(rb"(?<![0-9a-z.])(?:" + words + rb")(?![0-9a-z])") if words else None

    def search(self, name: str, data: bytes, unfolding: Unfolding = _PLAIN, *, is_cell: bool = True) -> list[Hit]:
        """Everything found in `data` and in all that can be decoded from it."""
        found: dict[tuple[Secret, str], Hit] = {}
        for layer, text in enumerate(unfolding.layers(data, is_cell=is_cell)):
            for needle, offset in self._look(text.lower()):
                key = needle.secret, needle.variant
                found.setdefault(key, Hit(needle.secret, needle.variant, name, offset, layer))
        return list(found.values())

    def _look(self, data: bytes) -> Iterator[tuple[Needle, int]]:
        for start in self._met(data):
            for needle in self._by_start[start]:
                offset = _place(data, needle)
                if offset >= 0:
                    yield needle, offset
        if self._numbers:
            for found in self._numbers.finditer(data):
                yield Needle(self._short[found.group()], "raw", found.group()), found.start()

    def _met(self, data: bytes) -> set[int]:
        """Starts of needles among all runs of eight bytes: eight readings of the data as 64-bit numbers."""
        met: set[int] = set()
        for shift in range(min(SHORTEST, max(0, len(data) - SHORTEST + 1))):
            count = (len(data) - shift) // SHORTEST
            numbers = array("Q")
            numbers.frombytes(data[shift : shift + count * SHORTEST])
            met |= self._starts.intersection(numbers)
        return met
