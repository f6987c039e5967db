"""The writer process: frames in on stdin, a redacted capture out. `python -m replay.record.writer --capture FILE`.

It says two lines of JSON on stdout: one when the capture is open (or why it is not), one when it is closed.

Rule: it ends when the pipe ends, and at nothing else: a Ctrl-C for the proxy loses no exchange. Its stderr carries type
names only; its memory never becomes a core file; its files are its owner's alone.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from replay import __version__
from replay.model.capture import CaptureInfo
from replay.model.errors import ReplayError
from replay.model.plugins import make_plugins
from replay.record.frames import FrameBuffer, FrameKind
from replay.record.private_memory import keep_memory_private
from replay.record.scribe import Scribe
from replay.redact.builtin import BUILTIN
from replay.redact.policy import Keep, Policy
from replay.redact.pseudonyms import Pseudonym
from replay.store.capture_writer import CaptureWriter

_BATCH_ROWS = 256
_BATCH_SECONDS = 0.2
_READ_BYTES = 1 << 20
_STDIN = 0


def main(arguments: list[str] | None = None) -> int:
    _isolate()
    parser = argparse.ArgumentParser(prog="replay-writer")
    parser.add_argument("--capture", type=Path, required=True)
    parser.add_argument("--append", action="store_true")
    options = parser.parse_args(arguments)
    frames = _Frames()
    first = frames.next(None)
    if first is None or first[0] is not FrameKind.HELLO:
        return 2
    try:
        policy = _policy(first[1])
        capture = _open(options.capture, policy, first[1], append=options.append)
    except ReplayError as error:
        _say({"error": str(error)})
        return 2
    _say(_standing(capture))
    scribe = Scribe(capture, policy)
    _work(frames, scribe)
    scribe.flush()
    last = _standing(capture, scribe.owed)
    capture.close()
    _say(last)
    return 0


def _work(frames: _Frames, scribe: Scribe) -> None:
    """Until END or the end of the pipe."""
    commit_at: float | None = None
    while True:
        wait = None if commit_at is None else max(0.0, commit_at - time.monotonic())
        frame = frames.next(wait)
        if frame is None and frames.ended:
            return
        if frame is not None:
            kind, payload = frame
            if kind is FrameKind.END:
                return
            _take(scribe, kind, payload)
        if commit_at is None and scribe.has_news:
            commit_at = time.monotonic() + _BATCH_SECONDS
        if scribe.pending >= _BATCH_ROWS or (commit_at is not None and time.monotonic() >= commit_at):
            scribe.flush()
            commit_at = None


def _take(scribe: Scribe, kind: FrameKind, payload: Any) -> None:
    if kind is FrameKind.EXCHANGES:
        for raw in payload:
            scribe.take(raw)
            if scribe.pending >= _BATCH_ROWS:
                scribe.flush()
    elif kind is FrameKind.LOSSES:
        scribe.state_losses(payload)


class _Frames:
    """Frames from stdin, one at a time, with a timeout."""

    def __init__(self) -> None:
        self._buffer = FrameBuffer()
        self._ready: list[tuple[FrameKind, Any]] = []
        self.ended = False

    def next(self, seconds: float | None) -> tuple[FrameKind, Any] | None:
        """None after `seconds` without one, and at the end of the pipe."""
        while not self._ready and not self.ended:
            readable, _, _ = select.select([_STDIN], [], [], seconds)
            if not readable:
                return None
            data = os.read(_STDIN, _READ_BYTES)
            self.ended = not data
            self._ready.extend(self._buffer.feed(data))
        return self._ready.pop(0) if self._ready else None


def _isolate() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    keep_memory_private()
    os.umask(0o077)
    with suppress(OSError):
        os.nice(10)  # the traffic comes first
    sys.excepthook = lambda kind, _value, _trace: print(f"replay writer: {kind.__name__}", file=sys.stderr)


def _policy(hello: dict[str, Any]) -> Policy:
    # Framing comes last: it measures what all others wrote.
    redactors = (*BUILTIN[:-1], *make_plugins("replay.redactors"), BUILTIN[-1])
    return Policy(Pseudonym(hello["key"]), redactors, [Keep(*keep) for keep in hello["keeps"]])


def _open(path: Path, policy: Policy, hello: dict[str, Any], *, append: bool) -> CaptureWriter:
    info = CaptureInfo(
        id=os.urandom(8).hex(),
        format_version=0,  # the file's own is in its header
        created=hello["created"],
        key_id=policy.key_id,
        policy_digest=policy.digest,
        origins=(),
        tool_version=__version__,
    )
    return CaptureWriter.open_append(path, info) if append else CaptureWriter.create(path, info)


def _standing(capture: CaptureWriter, owed: Counter[tuple[str, str]] | None = None) -> dict[str, Any]:
    totals, owed = capture.totals(), owed or Counter()
    dropped = Counter(dict(totals.dropped))
    dropped.update({reason: count for (kind, reason), count in owed.items() if kind == "dropped"})
    refused = totals.refused + sum(count for (kind, _), count in owed.items() if kind == "refused")
    return {"captured": totals.captured, "refused": refused, "dropped": dropped}


def _say(answer: dict[str, Any]) -> None:
    with suppress(OSError):  # the proxy may be gone; the capture is what counts
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    code = main()
    with suppress(OSError):
        sys.stdout.close()
    sys.exit(code)
