"""Digests of finished segments, made beside the recording: a segment of a gigabyte takes a second to read."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

_CHUNK_BYTES = 1 << 20  # hashlib lets other threads run while it works on a chunk


def digest_of(path: Path) -> str:
    """BLAKE2b-256 of a file, hex. Raises OSError."""
    found = hashlib.blake2b(digest_size=32)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()


class DigestMaker:
    """One thread that reads one finished file after the other."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "segment-digest")
        self._waiting: dict[int, Future[str]] = {}

    def begin(self, segment: int, path: Path) -> None:
        self._waiting[segment] = self._pool.submit(digest_of, path)

    def finished(self, *, wait: bool = False) -> dict[int, str]:
        """Digests by segment that were not told yet; a file that cannot be read has none."""
        ready = {number: one for number, one in self._waiting.items() if wait or one.done()}
        digests = {}
        for number, one in ready.items():
            del self._waiting[number]
            if one.exception() is None:
                digests[number] = one.result()
        return digests

    def close(self) -> None:
        self._pool.shutdown(wait=True)
