"""Counters in shared memory, one slot per worker: they survive the SIGKILL of whoever wrote them, exactly.

    proxy's loop ─┐                            ┌─ writer: states the losses in the capture
    its pump    ──┼─▶ slot 0 │ slot 1 │ ...  ──┤
    supervisor  ──┘                            └─ supervisor: metrics, the last sentence

Rule: each cell has one writing thread, so no lock is needed; a cell only holds counts, sizes and times, never traffic.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from dataclasses import dataclass

# Written by the proxy's loop.
SEEN = 0  # exchanges whose request headers came
OFFERED = 1  # taken into the queue
FULL = 2  # found no room in it
ERRORS = 3  # a hook of ours failed
UNFINISHED = 4  # had begun when the recording ended
OFFERED_BYTES = 5
# Written by its pump.
HANDED = 6  # in whole frames that a pipe or socket took
WELCOMED = 7  # HANDED when the present writer took up this connection
GENERATION = 8  # of that writer
RELEASED_BYTES = 9
GONE = 10  # given up: no writer could be had until the end
SILENT = 11  # given up: the writer was there and took nothing
OLDEST = 12  # microseconds of the monotonic clock when the oldest queued one was offered; 0: none
LEFT = 14  # given up: the writer was taking them, and the time to end was over
# Written by the supervisor, while the slot has no worker.
WORKER_DEAD = 13  # begun or queued when a worker was killed
CELLS = 16
_SLOT_BYTES = CELLS * 8
LIVE_CELLS = (OFFERED_BYTES, RELEASED_BYTES, OLDEST)  # of the worker that runs now, not of those before it


@dataclass(frozen=True, slots=True)
class SlotCounts:
    """One slot, read at one moment."""

    seen: int
    offered: int
    full: int
    errors: int
    unfinished: int
    handed: int
    welcomed: int
    generation: int
    gone: int
    silent: int
    left: int
    oldest: int
    worker_dead: int
    held_bytes: int

    @property
    def open(self) -> int:
        """Neither handed over nor counted as lost: in flight, or in the queue."""
        lost = self.full + self.errors + self.unfinished + self.given_up + self.worker_dead
        return self.seen - self.handed - lost

    @property
    def given_up(self) -> int:
        """Still in the queue when the recording ended, for whatever reason."""
        return self.gone + self.silent + self.left

    @property
    def queued(self) -> int:
        """In the queue, or on its way out of it."""
        return max(0, self.offered - self.handed - self.given_up)


class Ledger:
    """`create` it once, hand `fd` to the children, `open` it there."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.slots = os.fstat(fd).st_size // _SLOT_BYTES
        self._memory = mmap.mmap(fd, self.slots * _SLOT_BYTES)
        self._cells = memoryview(self._memory).cast("q")

    @classmethod
    def create(cls, slots: int) -> Ledger:
        """A new one, all zero, that no path leads to."""
        if hasattr(os, "memfd_create"):
            fd = os.memfd_create("replay-ledger", os.MFD_CLOEXEC)
        else:
            with tempfile.TemporaryFile() as file:
                fd = os.dup(file.fileno())
        os.ftruncate(fd, slots * _SLOT_BYTES)
        return cls(fd)

    @classmethod
    def open(cls, fd: int) -> Ledger:
        """The one that a parent handed over."""
        return cls(fd)

    def slot(self, number: int) -> memoryview:
        """The cells of one worker, to count in: `cells[SEEN] += 1`."""
        return self._cells[number * CELLS : (number + 1) * CELLS]

    def read(self) -> tuple[SlotCounts, ...]:
        """All slots as they stand."""
        return tuple(counts_of(self._cells[i * CELLS : (i + 1) * CELLS]) for i in range(self.slots))

    def bury(self, number: int) -> int:
        """The worker of this slot is dead: what it had begun or queued is lost and counted. Returns how many."""
        cells = self.slot(number)
        counts = counts_of(cells)
        lost = max(0, counts.open)
        cells[WORKER_DEAD] += lost
        cells[OFFERED] = counts.handed + counts.given_up  # the queue went with it
        for cell in LIVE_CELLS:
            cells[cell] = 0
        return lost

    def close(self) -> None:
        """Give the descriptor back. The memory goes when the last view of it does."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def counts_of(cells: memoryview) -> SlotCounts:
    """`handed` is read before `seen`: a count that grows meanwhile is then still open, never negative."""
    handed, full, errors = cells[HANDED], cells[FULL], cells[ERRORS]
    offered = cells[OFFERED]
    return SlotCounts(
        seen=cells[SEEN],
        offered=offered,
        full=full,
        errors=errors,
        unfinished=cells[UNFINISHED],
        handed=handed,
        welcomed=cells[WELCOMED],
        generation=cells[GENERATION],
        gone=cells[GONE],
        silent=cells[SILENT],
        left=cells[LEFT],
        oldest=cells[OLDEST],
        worker_dead=cells[WORKER_DEAD],
        held_bytes=max(0, cells[OFFERED_BYTES] - cells[RELEASED_BYTES]),
    )
