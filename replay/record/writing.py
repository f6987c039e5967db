"""The writer's work: frames in, batches committed, losses stated, and one line about itself each second.

A commit after 256 exchanges or 200 ms: a SIGKILL costs what came since, never the file.

Rule: while the file is locked by somebody nothing more is read: the queues are bounded, and count what they drop. The
end is bounded too: what is not read when the last word is due is counted as left.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from replay.record.account import (
    COMMIT_SECONDS,
    NOT_STORED,
    Standing,
    counted,
    losses_at_end,
    losses_of_a_cut_end,
    losses_so_far,
)
from replay.record.feeds import Feeds, Frame
from replay.record.frames import FrameKind
from replay.record.ledger import Ledger
from replay.record.scribe import Scribe
from replay.store.capture_writer import CaptureWriter
from replay.store.segments import SegmentedWriter

_BATCH_ROWS = 256
_BATCH_SECONDS = 0.2
_TICK_SECONDS = 1.0
_TEND_SECONDS = 30.0  # segments age without traffic, too
_LAST_TRY_SECONDS = 1.5
_LOCKED_SECONDS = 4.0  # how long the end waits for somebody's lock when nobody has said when it is due

Say = Callable[[dict[str, Any]], None]


class Writing:
    """From the opened capture to its last commit. `start`: what the file counted when the recording began."""

    def __init__(
        self,
        path: Path,
        capture: CaptureWriter | SegmentedWriter,
        scribe: Scribe,
        ledger: Ledger,
        say: Say,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._path = path
        self._place = _place(path)
        self._segments = capture if isinstance(capture, SegmentedWriter) else None
        self._is_gone = False
        self._capture = capture
        self._scribe = scribe
        self._ledger = ledger
        self._say = say
        self._opened = self._start = self.standing()
        self._generation = 1
        self._stated: dict[str, int] = {}
        self._said: dict[str, Any] = {}
        self._tick_at = 0.0
        self._tend_at = now() + _TEND_SECONDS
        self._is_cut = False
        self._commit_at: float | None = None
        self._oldest = 0
        self._durations = [0] * (len(COMMIT_SECONDS) + 1)
        self._seconds = 0.0

    def go_on(self, start: Standing | None, generation: int) -> None:
        """Not the first writer of this recording: what earlier ones lost is to be told from what they stored."""
        self._start, self._generation = start or self._opened, generation

    def run(self, feeds: Feeds) -> bool:
        """Until the feeds end (True), or the file is no longer at its place (False)."""
        while not (feeds.ended or self._is_over(feeds)):
            if self._is_held:
                feeds.look_at_parent()
                frame = None
            else:
                frame = feeds.next(self._patience())
            if frame is not None:
                self._take(frame)
            self._keep_time()
            if self._is_gone:
                return False
        return True

    def finish(self, due: float = float("inf")) -> Standing:
        """Commit what is left, and the last account. What a locked file does not take until `due` is not stored."""
        until = min(due, self._now() + _LOCKED_SECONDS) - _LAST_TRY_SECONDS
        self._flush()
        while self._is_held and self._now() < until:
            self._flush()
        unstored = self._scribe.pending if self._is_held else 0
        settled = self.standing().settled + unstored - self._start.settled
        slots = self._ledger.read()
        if self._is_cut:
            ours = losses_of_a_cut_end(slots, settled, self._generation, self._opened.settled - self._start.settled)
        else:
            ours = losses_at_end(slots, settled)
        self._state(ours)
        if not self._is_held:
            self._flush()
        return self.standing(self._with_those_before(ours), unstored)

    def _is_over(self, feeds: Feeds) -> bool:
        """One more try to commit must fit in, which waits for a lock."""
        self._is_cut = self._now() >= feeds.due - (_LAST_TRY_SECONDS if self._is_held else 0.0)
        return self._is_cut

    def standing(self, stated: Mapping[str, int] | None = None, unstored: int = 0) -> Standing:
        """What the file counts, and what it could not be told; what was `stated` counts in any case."""
        totals = self._capture.totals()
        by_kind = {
            "refused": Counter(dict(totals.refusals)),
            "dropped": Counter(dict(totals.dropped) | dict(stated or {})),
            "skipped": Counter(dict(totals.skipped)),
        }
        for (kind, reason), count in self._scribe.owed.items():
            if kind in by_kind:
                by_kind[kind][reason] += count
        by_kind["dropped"][NOT_STORED] += unstored
        refusals, dropped, skipped = map(counted, by_kind.values())
        return Standing(totals.captured, refusals, dropped, skipped, self._scribe.silent_sources)

    def _take(self, frame: Frame) -> None:
        kind, payload = frame
        if kind is not FrameKind.EXCHANGES:
            return
        offered, snapshots = payload
        self._oldest = self._oldest or offered
        for raw in snapshots:
            self._scribe.take(raw)
            if not self._is_held and self._is_due():
                self._flush()
                self._oldest = offered

    def _keep_time(self) -> None:
        now = self._now()
        if self._is_due():
            self._flush()
        if now >= self._tick_at:
            self._tick_at = now + _TICK_SECONDS
            settled_before = self._opened.settled - self._start.settled
            self._state(losses_so_far(self._ledger.read(), self._generation, settled_before))
            self._report()
            self._look_at_place()
        if self._segments and not self._is_held and now >= self._tend_at:
            self._tend_at = now + _TEND_SECONDS
            self._segments.tend()

    def _is_due(self) -> bool:
        """200 ms after the first news since the last commit, also amid a frame that redaction is slow at."""
        now = self._now()
        if self._commit_at is None and self._scribe.has_news:
            self._commit_at = now + _BATCH_SECONDS
        return self._scribe.pending >= _BATCH_ROWS or (self._commit_at is not None and now >= self._commit_at)

    def _patience(self) -> float:
        """Seconds to wait for a frame."""
        due = self._tick_at if self._commit_at is None else min(self._commit_at, self._tick_at)
        return max(0.0, due - self._now())

    @property
    def _is_held(self) -> bool:
        return bool(getattr(self._scribe, "is_held", False))

    def _flush(self) -> None:
        began = self._now()
        self._scribe.flush()
        took = self._now() - began
        self._durations[bisect_left(COMMIT_SECONDS, took)] += 1
        self._seconds += took
        self._commit_at = None
        if self._is_held:
            time.sleep(_BATCH_SECONDS)
        else:
            self._oldest = 0

    def _state(self, drops: dict[str, int]) -> None:
        """Tell the file what was lost outside of it, when that has changed."""
        now = self._with_those_before(drops)
        losses = {reason: count for reason, count in now.items() if count != self._stated.get(reason, 0)}
        if losses:
            self._stated.update(losses)
            self._scribe.state_losses(losses)

    def _with_those_before(self, drops: dict[str, int]) -> dict[str, int]:
        """The file counts all recordings in it."""
        before = dict(self._start.dropped)
        known = {reason: count for reason, count in drops.items() if count or reason in self._stated}
        return {reason: count + before.get(reason, 0) for reason, count in known.items()}

    def _report(self) -> None:
        state = {
            "oldest": self._oldest if self._scribe.pending else 0,
            "pending": self._scribe.pending,
            "capture_bytes": sum(_size(self._path.with_name(self._path.name + tail)) for tail in ("", "-wal")),
            "commits": list(self._durations),
            "commit_seconds": round(self._seconds, 6),
            "is_held": self._is_held,
        }
        line = {**self.standing().to_wire(), "status": state}
        if line != self._said:
            self._said = line
            self._say(line)

    def _look_at_place(self) -> None:
        """A file that was removed or moved away is gone: SQLite would go on writing where nobody finds it."""
        place = _place(self._path)
        # A segmented writer changes the file at this place by itself.
        self._is_gone = place is None or (place != self._place and self._segments is None)


def _place(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
