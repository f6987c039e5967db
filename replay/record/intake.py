"""The queue between the proxy's loop and the pump: bounded in bytes, and offering never waits.

Rule: one thread offers (the proxy's loop), one thread takes (the pump). Each counter is written by one of them only,
so no lock is needed and the counts are exact.
"""

from __future__ import annotations

import queue
from collections.abc import Callable

from replay.record.ledger import FULL, OFFERED, OFFERED_BYTES, OLDEST, RELEASED_BYTES
from replay.record.snapshot import Snapshot

_MICROSECONDS = 1_000_000

Entry = tuple[Snapshot, int, int]
"""A snapshot, its weight in bytes, and when it was offered, in microseconds."""


class Batch(list[Snapshot]):
    """Some snapshots on their way out: what they weigh together, and when the oldest was offered."""

    weight_bytes = 0
    oldest = 0


class Intake:
    """`cells`: this worker's slot of the ledger. `now`: a monotonic clock in seconds, one for all processes."""

    def __init__(self, limit_bytes: int, cells: memoryview, now: Callable[[], float]) -> None:
        self._limit_bytes = limit_bytes
        self._cells = cells
        self._now = now
        self._queue: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()

    @property
    def held_bytes(self) -> int:
        """What waits here or is being written to the writer."""
        held: int = self._cells[OFFERED_BYTES] - self._cells[RELEASED_BYTES]
        return held

    def offer(self, snapshot: Snapshot) -> bool:
        """Take it in, or count it as dropped. Never waits, never raises."""
        weight = snapshot.weight_bytes()
        cells = self._cells
        if cells[OFFERED_BYTES] - cells[RELEASED_BYTES] + weight > self._limit_bytes:
            cells[FULL] += 1
            return False
        cells[OFFERED_BYTES] += weight
        cells[OFFERED] += 1
        self._queue.put((snapshot, weight, int(self._now() * _MICROSECONDS)))
        return True

    def take(self, timeout: float, most: int, most_bytes: int) -> Batch:
        """Some snapshots; waits up to `timeout` seconds for the first."""
        batch = Batch()
        try:
            entry = self._queue.get(timeout=timeout) if timeout > 0 else self._queue.get_nowait()
            while entry is not None:
                snapshot, weight, offered = entry
                batch.append(snapshot)
                batch.weight_bytes += weight
                batch.oldest = batch.oldest or offered
                if len(batch) >= most or batch.weight_bytes >= most_bytes:
                    break
                entry = self._queue.get_nowait()
        except queue.Empty:
            pass
        self._cells[OLDEST] = batch.oldest
        return batch

    def release(self, batch: Batch) -> None:
        """These are written: their room is free again."""
        self._cells[RELEASED_BYTES] += batch.weight_bytes
        self._cells[OLDEST] = 0

    def wake(self) -> None:
        """End a waiting `take` at once."""
        self._queue.put(None)
