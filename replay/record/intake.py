"""The queue between the proxy's loop and the pump: bounded in bytes, and offering never waits.

Rule: one thread offers (the proxy's loop), one thread takes (the pump). Each counter is written by one of them only,
so no lock is needed and the counts are exact.
"""

from __future__ import annotations

import queue

from replay.record.snapshot import Snapshot


class Intake:
    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._queue: queue.SimpleQueue[tuple[Snapshot, int] | None] = queue.SimpleQueue()
        self._offered_bytes = 0  # written by the loop
        self._released_bytes = 0  # written by the pump
        self.offered = 0
        self.full = 0  # exchanges that found no room

    @property
    def held_bytes(self) -> int:
        """What waits here or is being written to the pipe."""
        return self._offered_bytes - self._released_bytes

    def offer(self, snapshot: Snapshot) -> bool:
        """Take it in, or count it as dropped. Never waits, never raises."""
        weight = snapshot.weight_bytes()
        if self.held_bytes + weight > self._limit_bytes:
            self.full += 1
            return False
        self._offered_bytes += weight
        self.offered += 1
        self._queue.put((snapshot, weight))
        return True

    def take(self, timeout: float, most: int, most_bytes: int) -> tuple[list[Snapshot], int]:
        """Some snapshots and their weight (for `release`); waits up to `timeout` seconds for the first."""
        out: list[Snapshot] = []
        weight = 0
        try:
            entry = self._queue.get(timeout=timeout)
            while entry is not None:
                out.append(entry[0])
                weight += entry[1]
                if len(out) >= most or weight >= most_bytes:
                    break
                entry = self._queue.get_nowait()
        except queue.Empty:
            pass
        return out, weight

    def release(self, weight: int) -> None:
        """The taken snapshots are written, or given up: their room is free again."""
        self._released_bytes += weight

    def wake(self) -> None:
        """End a waiting `take` at once."""
        self._queue.put(None)
