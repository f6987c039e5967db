"""Records cut out of a stream of bytes at a separator, with a limit on their length.

Rule: bytes in, records out, no io; what is longer than the limit is passed over without being held.
"""

from __future__ import annotations

from collections.abc import Iterator

from replay.record.sources.contract import LONGEST_RECORD_BYTES, Skipped

TOO_LONG = Skipped("too-long")


class Cutter:
    """Feed it pieces; `rest` is what stands after the last separator."""

    def __init__(self, separator: bytes, limit_bytes: int = LONGEST_RECORD_BYTES) -> None:
        self._separator = separator
        self._limit_bytes = limit_bytes
        self._held = bytearray()
        self._looked = 0  # bytes of `_held` in which no separator begins
        self._is_overlong = False

    def feed(self, piece: bytes) -> Iterator[bytes | Skipped]:
        """Every record that this piece completes."""
        self._held += piece
        start = 0
        while (end := self._held.find(self._separator, max(start, self._looked))) >= 0:
            yield TOO_LONG if self._is_overlong or end - start > self._limit_bytes else bytes(self._held[start:end])
            self._is_overlong = False
            start = self._looked = end + len(self._separator)
        del self._held[:start]
        self._looked = max(0, len(self._held) - len(self._separator) + 1)
        if self._looked > self._limit_bytes:
            self._is_overlong = True
            del self._held[: self._looked]
            self._looked = 0

    def rest(self) -> bytes | Skipped:
        """What no separator has ended; empty for a whole file."""
        return TOO_LONG if self._is_overlong else bytes(self._held)
