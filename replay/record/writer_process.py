"""The writer process as its parent sees it: started, listened to, ended.

Rule: the key travels in the first frame only, never in arguments or the environment. Nothing here raises once started.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from replay.model.errors import RecordError
from replay.record.account import NOT_STORED, Standing
from replay.record.balance import WriterStatus
from replay.record.child import ChildProcess
from replay.record.frames import FrameKind, encode
from replay.store.manifest import manifest_path

__all__ = ["NOT_STORED", "Standing", "WriterOrder", "WriterProcess", "has_capture"]

READY_SECONDS = 10.0  # it imports for half a second; a starved machine takes many times that
_COMMIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class WriterOrder:
    """All that a writer is told. `start`: what the file counted when this recording began; None says: as it is now."""

    capture: Path
    key: bytes = field(repr=False)
    settings: dict[str, Any]  # RecordSettings.to_wire()
    created: float  # seconds, UTC
    append: bool
    ledger: int  # descriptor
    generation: int = 1  # counts the writers of this recording
    start: Standing | None = None
    listener: int | None = None  # descriptor of the socket for workers; None: exchanges come on stdin
    token: bytes = field(default=b"", repr=False)  # what a worker must say first


class WriterProcess(ChildProcess):
    """One running `python -m replay.record.writer`."""

    def __init__(self, order: WriterOrder) -> None:
        """Returns when the capture is open. Raises RecordError with the writer's sentence when it cannot be."""
        words = ["--capture", str(order.capture), "--ledger", str(order.ledger)]
        fds = [order.ledger]
        if order.append:
            words.append("--append")
        if order.listener is not None:
            words += ["--listener", str(order.listener)]
            fds.append(order.listener)
        super().__init__("replay.record.writer", words, fds=fds)
        self.write(encode(FrameKind.HELLO, _hello(order)))
        answers = self.lines(READY_SECONDS)
        if not answers or "error" in answers[0]:
            self.kill()
            late = f"the writer process did not get ready in {READY_SECONDS:.0f} s, or ended"
            raise RecordError(answers[0]["error"] if answers else late)
        self.standing = self.latest = Standing.from_wire(answers[0])
        self.state = WriterStatus()
        self.has_ended_well = False
        self._take(answers)

    def listen(self, seconds: float = 0.0) -> None:
        """Take in what it says about itself: each second one line while something changes."""
        self._take(self.lines(seconds))

    def finish(self, seconds: float) -> Standing | None:
        """Say that nothing follows, and that the last word is due in `seconds`; None when there was none by then.

        It has a moment more for the commit itself.
        """
        due = time.monotonic() + seconds
        deadline = due + _COMMIT_SECONDS
        self.write(encode(FrameKind.END, due), lambda: time.monotonic() >= deadline)
        self.close_input()
        while not (self.has_ended_well or self.has_fallen_silent) and time.monotonic() < deadline:
            self.listen(deadline - time.monotonic())
        if self.has_ended_well:
            self.wait(deadline - time.monotonic())
        self.close()
        return self.latest if self.has_ended_well else None

    def _take(self, answers: list[dict[str, Any]]) -> None:
        for answer in answers:
            self.latest = Standing.from_wire(answer)
            state = answer.get("status")
            if state:
                self.state = WriterStatus(**{**state, "commits": tuple(state["commits"])})
            self.has_ended_well = self.has_ended_well or bool(answer.get("last"))


def has_capture(path: Path) -> bool:
    """True when there is something to go on with: the file itself, or the segments that it was the next one of."""
    return path.exists() or manifest_path(path).exists()


def _hello(order: WriterOrder) -> dict[str, Any]:
    return {
        "key": order.key,
        "settings": order.settings,
        "created": order.created,
        "generation": order.generation,
        "start": order.start.to_wire() if order.start else None,
        "token": order.token,
    }
