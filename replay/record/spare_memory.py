"""Memory that a backlog has left behind goes back to the system: glibc keeps it otherwise, for as long as it runs."""

from __future__ import annotations

import ctypes
from contextlib import suppress

WORTH_BYTES = 4 << 20  # below it nobody misses what is kept
_GONE = 16  # a backlog is gone when a sixteenth is left: under load a queue is never quite empty


class SpareMemory:
    """Told what a queue holds; when a backlog is gone, what it held is given back, once (2 ms for 30 MB)."""

    __slots__ = ("_most_held",)

    def __init__(self) -> None:
        self._most_held = 0

    def note(self, held_bytes: int) -> bool:
        """True when something was given back."""
        most = self._most_held = max(self._most_held, held_bytes)
        if most < WORTH_BYTES or held_bytes * _GONE > most:
            return False
        self._most_held = held_bytes
        return _trim()


def _trim() -> bool:
    """`malloc_trim(3)`, which other C libraries than glibc do not have."""
    with suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).malloc_trim(0))
    return False
