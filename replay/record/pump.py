"""The thread that carries snapshots from the intake to the writer, whatever happens to writers meanwhile.

    hook -> Intake -> [pump] -> Link -> writer process -> capture

What a writer did not take whole stays here and goes to the next one; while there is none, the bounded queue fills and
turns the newest away. Every snapshot ends in exactly one count of the ledger: handed, gone (no writer could be had
until the end) or silent (the writer was there and did not read).
"""

from __future__ import annotations

import threading
import time

from replay.record.frames import FrameKind, encode
from replay.record.intake import Batch, Intake
from replay.record.ledger import GONE, HANDED, OFFERED, SILENT
from replay.record.link import Link

_BATCH = 64
_BATCH_BYTES = 1 << 20
_GATHER_SECONDS = 0.02  # under load batches fill up instead of waking this thread for each exchange
_LOOK_SECONDS = 0.5  # how soon a writer's end is seen when there is nothing to carry
_FIRST_BACKOFF_SECONDS = 0.2
_LONGEST_BACKOFF_SECONDS = 30.0
_LONGEST_BACKOFF_AT_END_SECONDS = 0.5


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
        self._give_up_at = float("inf")
        self._stopping = threading.Event()

    def stop(self, seconds: float, longest: float = 0.0) -> bool:
        """Hand over what is queued. Afterwards every exchange that was offered is counted. False: some had to stay.

        Waits for `seconds`, and beyond them up to `longest` in all as long as the writer goes on taking.
        """
        cells, began = self._cells, time.monotonic()
        self._give_up_at, taken = began + seconds, cells[HANDED]
        self._stopping.set()
        self._intake.wake()
        while self.is_alive() and time.monotonic() < self._give_up_at:
            self.join(0.1)
            if cells[HANDED] != taken:
                taken = cells[HANDED]
                self._give_up_at = max(self._give_up_at, min(time.monotonic() + seconds, began + longest))
        left: int = cells[OFFERED] - cells[HANDED] - cells[GONE] - cells[SILENT]
        if left > 0:
            cells[SILENT if self._link.is_open else GONE] += left
        return left <= 0

    @property
    def is_stuck(self) -> bool:
        """True after `stop` when the writer does not read."""
        return self.is_alive()

    def run(self) -> None:
        while True:
            if not self._batch:
                self._gather()
            if not self._batch and self._stopping.is_set():
                return
            self._link.tend()
            if not self._link.is_open and not self._reopen():
                if time.monotonic() >= self._give_up_at:
                    return
                continue
            if self._batch:
                self._carry()

    def _gather(self) -> None:
        stopping = self._stopping.is_set()
        self._batch = self._intake.take(0.0 if stopping else _LOOK_SECONDS, _BATCH, _BATCH_BYTES)
        if self._batch:
            self._frame = encode(FrameKind.EXCHANGES, (self._batch.oldest, [tuple(one) for one in self._batch]))

    def _carry(self) -> None:
        if not self._link.write(self._frame):
            return  # it goes to the next writer
        count = len(self._batch)
        self._cells[HANDED] += count
        self._intake.release(self._batch)
        self._batch, self._frame = Batch(), b""
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
