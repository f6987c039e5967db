"""The thread that carries snapshots from the intake to the writer, whatever happens to writers meanwhile.

    hook -> Intake -> [pump] -> Link -> writer process -> capture

What a writer did not take whole stays here and goes to the next one; while there is none, the bounded queue fills and
turns the newest away. Every snapshot ends in exactly one count of the ledger: handed, or at the end gone (no writer
could be had), silent (the writer was there and took nothing) or left (it was taking, and the time was over).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from replay.record.frames import FrameKind, encode
from replay.record.intake import Batch, Intake
from replay.record.ledger import GONE, HANDED, LEFT, OFFERED, SILENT
from replay.record.link import Link
from replay.record.spare_memory import SpareMemory

_BATCH = 64
_BATCH_BYTES = 1 << 20
_GATHER_SECONDS = 0.02  # under load batches fill up instead of waking this thread for each exchange
_LOOK_SECONDS = 0.5  # how soon a writer's end is seen when there is nothing to carry
_STEP_SECONDS = 0.05
_FIRST_BACKOFF_SECONDS = 0.2
_LONGEST_BACKOFF_SECONDS = 30.0
_LONGEST_BACKOFF_AT_END_SECONDS = 0.5
_LET_GO_SECONDS = 1.0  # how long the thread may take to notice that it is over
_INSTANT_SECONDS = 0.5


def _never() -> bool:
    return False


class Pump(threading.Thread):
    """`cells`: this worker's slot of the ledger. The link may be closed when the pump starts."""

    def __init__(
        self, intake: Intake, link: Link, cells: memoryview, longest_backoff: float = _LONGEST_BACKOFF_SECONDS
    ):
        super().__init__(name="replay-pump", daemon=True)
        self._intake = intake
        self._link = link
        self._cells = cells
        self._longest_backoff = longest_backoff
        self._batch = Batch()
        self._frame = b""
        self._backoff = _FIRST_BACKOFF_SECONDS
        self._retry_at = 0.0
        self._opened_at = 0.0
        self._stopping = threading.Event()
        self._over = threading.Event()
        self._spare = SpareMemory()

    def stop(self, seconds: float, patience: float, is_hurried: Callable[[], bool] = _never) -> bool:
        """Hand over what is queued. Afterwards every exchange that was offered is counted. False: some had to stay.

        Waits for `seconds` at most, for `patience` while the writer takes nothing, and for an instant when hurried.
        """
        cells, began = self._cells, time.monotonic()
        until = began + seconds
        self._stopping.set()
        self._intake.wake()
        taken, moved, now = cells[HANDED], began, began
        while self.is_alive() and now < min(until, moved + patience):
            self.join(_STEP_SECONDS)
            now = time.monotonic()
            if is_hurried():
                until, is_hurried = min(until, now + _INSTANT_SECONDS), _never
            if cells[HANDED] != taken:
                taken, moved = cells[HANDED], now
        is_taking, is_open = now < moved + patience, self._link.is_open
        self._over.set()
        self.join(_LET_GO_SECONDS)
        left: int = cells[OFFERED] - cells[HANDED] - cells[GONE] - cells[SILENT] - cells[LEFT]
        if left > 0:
            cells[(LEFT if is_taking else SILENT) if is_open else GONE] += left
        return left <= 0

    @property
    def is_stuck(self) -> bool:
        """True after `stop` while another writer is being started."""
        return self.is_alive()

    def run(self) -> None:
        while True:
            if not self._batch:
                self._gather()
            if not self._batch and self._stopping.is_set():
                return
            self._link.tend()
            is_ready = self._link.is_open or self._reopen()
            if self._over.is_set():
                return
            if is_ready and self._batch:
                self._carry()

    def _gather(self) -> None:
        stopping = self._stopping.is_set()
        self._batch = self._intake.take(0.0 if stopping else _LOOK_SECONDS, _BATCH, _BATCH_BYTES)
        if self._batch:
            self._frame = encode(FrameKind.EXCHANGES, (self._batch.oldest, [tuple(one) for one in self._batch]))

    def _carry(self) -> None:
        if not self._link.write(self._frame, self._over.is_set):
            return  # it goes to the next writer, if there is one
        count = len(self._batch)
        self._cells[HANDED] += count
        held = self._intake.held_bytes
        self._intake.release(self._batch)
        self._batch, self._frame = Batch(), b""
        self._spare.note(held)
        self._spare.note(self._intake.held_bytes)
        if count < _BATCH:
            self._stopping.wait(_GATHER_SECONDS)

    def _reopen(self) -> bool:
        """Try once when it is time to; else wait a little. A link that held for a while is tried again at once."""
        now = time.monotonic()
        if now - self._opened_at > self._longest_backoff:
            self._backoff = _FIRST_BACKOFF_SECONDS
        if now < self._retry_at and not self._stopping.is_set():
            self._stopping.wait(min(self._retry_at - now, _LOOK_SECONDS))
            return False
        opened = self._link.open()
        now = time.monotonic()
        if opened:
            self._opened_at = now
        self._retry_at = now + self._backoff
        self._backoff = min(self._backoff * 2, self._longest_backoff)
        if not opened and self._stopping.is_set():
            time.sleep(min(self._backoff, _LONGEST_BACKOFF_AT_END_SECONDS))
        return opened
