"""The writer process: frames in, a redacted capture out. `python -m replay.record.writer --capture FILE --ledger FD`.

It says lines of JSON on stdout: one when the capture is open (or why it is not), one each second in which something has
changed, one when it is closed.

Rule: it ends when its parent and the workers have, and at nothing else: a Ctrl-C for the proxy loses no exchange. Its
stderr carries type names only; its memory never becomes a core file; its files are its owner's alone.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from replay.model.capture import CaptureInfo
from replay.model.errors import ReplayError
from replay.record.account import Standing
from replay.record.capture_start import begin_capture
from replay.record.feeds import Feeds
from replay.record.frames import FrameKind
from replay.record.keeping_log import note_start, note_stop
from replay.record.ledger import Ledger
from replay.record.private_memory import keep_memory_private
from replay.record.scribe import Scribe
from replay.record.settings import RecordSettings
from replay.record.writing import Writing
from replay.store.capture_writer import CaptureWriter
from replay.store.claim import claimed
from replay.store.manifest import manifest_path
from replay.store.segments import Rotation, SegmentedWriter, open_segments

_HELLO_SECONDS = 10.0
_now = time.time  # noqa: TID251 - retention's and the audit log's clock
_GONE = 3  # exit status: the file is no longer at its place


def main(arguments: list[str] | None = None) -> int:
    _isolate()
    options = _parse(arguments)
    ledger = Ledger.open(options.ledger)
    listener = None if options.listener is None else socket.socket(fileno=options.listener)
    feeds = Feeds(time.monotonic, listener)
    first = feeds.next(_HELLO_SECONDS)
    if first is None or first[0] is not FrameKind.HELLO:
        return 2
    hello, settings = first[1], RecordSettings.from_wire(first[1]["settings"])
    claim = ExitStack()  # until the process ends
    try:
        claim.enter_context(claimed(options.capture))
        start = begin_capture(options.capture, hello["key"], settings, hello["created"], append=options.append)
        capture = _open(options.capture, start.info, settings, append=options.append)
    except ReplayError as error:
        _say({"error": str(error)})
        return 2
    note_start(options.capture, "start", start.info, _now(), generation=hello["generation"])
    scribe = Scribe(capture, start.policy, settings, hello["key"], start.tenants)
    writing = Writing(options.capture, capture, scribe, ledger, _say)
    if hello["generation"] > 1:
        scribe.tear(_now())
    writing.go_on(Standing.from_wire(hello["start"]) if hello["start"] else None, hello["generation"])
    _say(writing.standing().to_wire())
    os.set_blocking(sys.stdout.fileno(), False)  # a parent that does not listen must not hold the writer
    feeds.welcome(hello["token"], hello["generation"])
    is_in_place = writing.run(feeds)
    last = writing.finish(feeds.due)
    if is_in_place:  # all is committed; closing may take long: a lock, a slow disk, the digest of a long segment
        os.set_blocking(sys.stdout.fileno(), True)
        _say({**last.to_wire(), "last": True})
    feeds.close()
    if feeds.is_orphan and listener is not None:
        _remove_meeting_place(listener)
    with suppress(Exception):  # locked, or the disk is full: the WAL stays beside the file, and is read with it
        capture.close()
    note_stop(options.capture, last, _now())
    claim.close()
    return 0 if is_in_place else _GONE


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="replay-writer")
    parser.add_argument("--capture", type=Path, required=True)
    parser.add_argument("--append", action="store_true")
    parser.add_argument("--ledger", type=int, required=True, help="Descriptor of the shared counters.")
    parser.add_argument("--listener", type=int, help="Descriptor of the socket where workers connect.")
    return parser.parse_args(arguments)


def _isolate() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    keep_memory_private()
    os.umask(0o077)
    with suppress(OSError):
        os.nice(10)  # the traffic comes first
    with suppress(OSError):  # where Linux weighs whole sessions against each other, niceness within one says nothing
        Path("/proc/self/autogroup").write_text("10")
    sys.excepthook = lambda kind, _value, _trace: print(f"replay writer: {kind.__name__}", file=sys.stderr)


def _open(path: Path, info: CaptureInfo, settings: RecordSettings, *, append: bool) -> CaptureWriter | SegmentedWriter:
    rotation = Rotation(settings.rotate_bytes, settings.rotate_seconds, settings.keep_bytes, settings.keep_seconds)
    if rotation != Rotation() or manifest_path(path).exists():
        return open_segments(path, info, append=append, rotation=rotation, now=_now)
    return CaptureWriter.open_append(path, info) if append else CaptureWriter.create(path, info)


def _remove_meeting_place(listener: socket.socket) -> None:
    """The supervisor was killed: its folder with the socket is ours to remove."""
    path = Path(listener.getsockname())
    with suppress(OSError):
        path.unlink()
        path.parent.rmdir()


def _say(answer: dict[str, Any]) -> None:
    with suppress(OSError):  # the parent may be gone, or not listen; the capture is what counts
        os.write(sys.stdout.fileno(), json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
