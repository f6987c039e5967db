"""The thread that carries snapshots from the intake to the writer process, and starts another one when that dies.

    hook -> Intake -> [pump] -> pipe -> writer process -> capture

Every snapshot ends in exactly one count: settled by a writer (captured, refused, not stored) or "writer-dead" here.
What a dead writer had taken but not committed is known from the file: handed over minus settled.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from replay.model.errors import ReplayError
from replay.record.frames import FrameKind, encode
from replay.record.intake import Intake
from replay.record.snapshot import Snapshot
from replay.record.writer_process import Standing, WriterProcess

_BATCH = 64
_BATCH_BYTES = 1 << 20
_GATHER_SECONDS = 0.02  # under load batches fill up instead of waking this thread for each exchange
_REPORT_SECONDS = 1.0
_FIRST_BACKOFF_SECONDS = 1.0
_LONGEST_BACKOFF_SECONDS = 30.0

StartWriter = Callable[[], WriterProcess]
Drops = Callable[[], dict[str, int]]


class Pump(threading.Thread):
    """`restart` opens the same capture again; `drops` tells what was lost on the proxy's side, by reason."""

    def __init__(self, intake: Intake, process: WriterProcess, restart: StartWriter, drops: Drops) -> None:
        super().__init__(name="replay-pump", daemon=True)
        self._intake = intake
        self._process: WriterProcess | None = process
        self._restart = restart
        self._drops = drops
        self._start = process.standing  # the file's counts before this recording
        self._handed = 0  # exchanges in whole frames that a pipe took
        self._gone = 0  # exchanges that found no writer
        self._lost_inside = 0  # handed over and never committed
        self._reported: dict[str, int] = {}
        self._report_at = 0.0
        self._retry_at = 0.0
        self._backoff = _FIRST_BACKOFF_SECONDS
        self._stopping = threading.Event()

    @property
    def writer_dead(self) -> int:
        """Exchanges lost because a writer died."""
        return self._gone + self._lost_inside

    @property
    def writer_pid(self) -> int:
        """0 while there is none."""
        return self._process.pid if self._process else 0

    def stop(self, seconds: float) -> Standing | None:
        """Hand over what is queued, state the losses, end the writer. None when it did not answer in time."""
        deadline = time.monotonic() + seconds
        self._stopping.set()
        self._intake.wake()
        self.join(seconds)
        if self.is_alive():  # the writer does not read (stopped by a signal, or its disk hangs)
            return None
        if self._process is None or not self._process.is_alive:
            self._revive()
        last = self._finish(deadline)
        if last is None and self._process and not self._process.is_alive:  # it died at the very end
            self._revive()
            last = self._finish(deadline)
        return last

    def run(self) -> None:
        while True:
            stopping = self._stopping.is_set()
            items, weight = self._intake.take(0 if stopping else _REPORT_SECONDS, _BATCH, _BATCH_BYTES)
            if items:
                self._carry(items)
                self._intake.release(weight)
            elif stopping:
                return
            self._look_after_writer()
            if len(items) < _BATCH:
                self._stopping.wait(_GATHER_SECONDS)

    def _carry(self, items: list[Snapshot]) -> None:
        data = encode(FrameKind.EXCHANGES, [tuple(item) for item in items])
        if self._process and self._process.write(data):
            self._handed += len(items)
        else:
            self._gone += len(items)

    def _look_after_writer(self) -> None:
        now = time.monotonic()
        if self._process and not self._process.is_alive:
            self._bury(now)
        if self._process is None and now >= self._retry_at and not self._stopping.is_set():
            self._revive()
            self._backoff = min(self._backoff * 2, _LONGEST_BACKOFF_SECONDS)
            self._retry_at = time.monotonic() + self._backoff
        if now >= self._report_at:
            self._report_at = now + _REPORT_SECONDS
            self._report()

    def _bury(self, now: float) -> None:
        if self._process:
            self._process.kill()
        self._process = None
        self._retry_at = now + self._backoff

    def _revive(self) -> None:
        """Start another writer on the same file. Without one, exchanges go on being counted as lost."""
        if self._process:
            self._bury(time.monotonic())
        try:
            self._process = self._restart()
        except ReplayError:
            return
        self._lost_inside = self._handed - (self._process.standing.settled - self._start.settled)
        self._reported = {}

    def _report(self) -> None:
        drops = self._totals()
        if self._process and drops != self._reported and self._process.write(encode(FrameKind.LOSSES, drops)):
            self._reported = drops

    def _totals(self) -> dict[str, int]:
        """Counts for the file: those of earlier recordings in it, plus ours."""
        before = dict(self._start.dropped)
        ours = {**self._drops(), "writer-dead": self.writer_dead}
        return {reason: before.get(reason, 0) + count for reason, count in ours.items() if count}

    def _finish(self, deadline: float) -> Standing | None:
        if self._process is None:
            return None
        self._process.write(encode(FrameKind.LOSSES, self._totals()))
        self._process.write(encode(FrameKind.END, None))
        return self._process.finish(max(0.1, deadline - time.monotonic()))
