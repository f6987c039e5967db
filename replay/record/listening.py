"""The process behind a listening proxy: frames in, one result out. `python -m replay.record.listening`.

    stdin    HELLO {listener, key, settings, k, tenants}, EXCHANGES ..., END (or its end: the same)
    stdout   {"ready": true} or {"error": sentence}, and at the end {"result": ...}

Rule: it writes no file, its memory never becomes a core file, and its stderr carries type names only.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from typing import Any

from replay.model.errors import ReplayError
from replay.record.frames import FrameBuffer, FrameKind
from replay.record.hearing import Ear, HearingSummary, ear_of, fresh_key, take
from replay.record.learn import LearningListener
from replay.record.preview import PreviewListener
from replay.record.private_memory import keep_memory_private
from replay.record.scribe import Scribe
from replay.record.settings import RecordSettings
from replay.record.snapshot import Snapshot

_PIECE_BYTES = 256 << 10

AnyListener = LearningListener | PreviewListener


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when its stdin does
    keep_memory_private()
    with suppress(OSError):
        os.nice(10)  # the traffic comes first
    sys.excepthook = lambda kind, _value, _trace: print(f"replay listening: {kind.__name__}", file=sys.stderr)
    frames = _Frames()
    first = frames.next()
    if first is None or first[0] is not FrameKind.HELLO:
        return 2
    try:
        listener, scribe, ear = _made(first[1])
    except ReplayError as error:
        _say({"error": str(error)})
        return 2
    _say({"ready": True})
    read = 0
    while (frame := frames.next()) is not None and frame[0] is not FrameKind.END:
        if frame[0] is FrameKind.EXCHANGES:
            for raw in frame[1][1]:
                read += 1
                take(scribe, Snapshot._make(raw))
    scribe.flush()
    _say({"result": {**_result(listener), "heard": _summary(read, ear).to_json()}})
    return 0


def order_for(listener: str, key: bytes, settings: RecordSettings, k: int = 5, tenants: int = 2) -> dict[str, Any]:
    """HELLO's payload. `listener` is learn or preview."""
    return {"listener": listener, "key": key, "settings": settings.to_wire(), "k": k, "tenants": tenants}


def _made(order: dict[str, Any]) -> tuple[AnyListener, Scribe, Ear]:
    settings, key = RecordSettings.from_wire(order["settings"]), order["key"]
    preview = PreviewListener(key, settings)
    listener: AnyListener = preview
    if order["listener"] == "learn":
        listener = LearningListener(fresh_key(), order["k"], order["tenants"], preview)
    return (listener, *ear_of(key, settings, listener))


def _result(listener: AnyListener) -> dict[str, Any]:
    return listener.lesson().to_wire() if isinstance(listener, LearningListener) else listener.report().to_wire()


def _summary(read: int, ear: Ear) -> HearingSummary:
    counts = ear.counts
    return HearingSummary(read, ear.heard, counts["skipped"], counts["refused"], (), tuple(sorted(ear.refusals)))


class _Frames:
    def __init__(self) -> None:
        self._buffer = FrameBuffer()
        self._waiting: list[tuple[FrameKind, Any]] = []

    def next(self) -> tuple[FrameKind, Any] | None:
        """None when nothing follows; a torn frame is left out."""
        while not self._waiting:
            data = os.read(0, _PIECE_BYTES)
            if not data:
                return None
            self._waiting = list(self._buffer.feed(data))
        return self._waiting.pop(0)


def _say(answer: dict[str, Any]) -> None:
    with suppress(OSError), open(1, "wb", closefd=False) as out:  # the parent may be gone
        out.write(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
