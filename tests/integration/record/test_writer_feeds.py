"""What the writer reads from, and what it does without traffic: real sockets and files, in this process."""

from __future__ import annotations

import os
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from replay.model.capture import CaptureInfo
from replay.record.feeds import Feeds
from replay.record.frames import FrameKind, encode
from replay.record.ledger import Ledger
from replay.record.scribe import Scribe
from replay.record.snapshot import Snapshot
from replay.record.waiting import is_readable, is_writable
from replay.record.writing import Writing
from replay.redact.builtin import BUILTIN
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.store.manifest import read_manifest
from replay.store.segments import Rotation, open_segments

TOKEN = b"t" * 16


@pytest.fixture
def parent() -> Iterator[tuple[int, int]]:
    """Both ends of the pipe that the writer's stdin is."""
    ends = os.pipe()
    yield ends
    for fd in ends:
        os.close(fd)


def join(path: str) -> socket.socket:
    worker = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    worker.connect(path)
    worker.sendall(TOKEN)
    return worker


def send_all(worker: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # the reader has seen enough
        worker.sendall(data)


def next_word(feeds: Feeds) -> str:
    """A piece may end within a frame; then there is none yet."""
    for _ in range(1000):
        frame = feeds.next(10.0)
        if frame is not None:
            return str(frame[1][1][0])
    raise AssertionError("nothing comes")


def test_a_busy_worker_does_not_starve_another(parent: tuple[int, int], tmp_path: Path) -> None:
    """One connection always has more to give; what the other one says comes in the next round."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "writer"))
        listener.listen()
        feeds = Feeds(time.monotonic, listener, parent[0])
        feeds.welcome(TOKEN, 1)
        busy, rare = join(str(tmp_path / "writer")), join(str(tmp_path / "writer"))
        flood = encode(FrameKind.EXCHANGES, (1, ["busy" + "x" * 1000])) * 8000
        sending = threading.Thread(target=send_all, args=(busy, flood), daemon=True)
        sending.start()
        for _ in range(1000):
            assert next_word(feeds).startswith("busy")
        rare.sendall(encode(FrameKind.EXCHANGES, (1, ["rare"])))
        until_rare = 1
        while next_word(feeds) != "rare":
            until_rare += 1
        # Two rounds at most: the one whose frames wait here, and the one after it; 256 KB of each connection a round.
        assert until_rare <= 2 * (256 << 10) // 1000 + 2
        feeds.close()
        for worker in (busy, rare):
            worker.close()
        sending.join(10)


class Silence:
    """Feeds that give nothing for 90 seconds, and then end. Each look takes a second."""

    due = float("inf")

    def __init__(self, clock) -> None:
        self._clock = clock

    @property
    def ended(self) -> bool:
        self._clock.advance(1.0)
        return bool(self._clock.now() > 90.0)

    def next(self, _: float) -> None:
        return None


def test_segments_age_without_traffic(tmp_path: Path, clock) -> None:
    """Time finishes the active segment although no exchange comes any more."""
    path, policy = tmp_path / "c.db", Policy(Pseudonym(bytes(32)), BUILTIN, [])
    info = CaptureInfo("ab" * 8, 0, clock.wall(), policy.key_id, policy.digest, (), "1")
    capture = open_segments(path, info, append=False, rotation=Rotation(0, 60.0, 0, 0.0), now=clock.wall)
    scribe = Scribe(capture, policy)
    now = clock.wall()
    scribe.take(Snapshot("c", "shop", 80, "http", b"", b"GET", b"/", (), b"", 0, 204, (), b"", 0, "", now, now))
    scribe.flush()
    assert capture.totals().captured == 1
    ledger = Ledger.create(1)
    writing = Writing(path, capture, scribe, ledger, lambda _: None, clock.now)
    assert writing.run(Silence(clock))
    writing.finish()
    capture.close()
    ledger.close()
    (finished,) = read_manifest(tmp_path / "c.manifest.json").segments
    assert (finished.file, finished.exchanges) == ("c-0001.db", 1)


def test_waiting_works_beyond_1023_descriptors() -> None:
    """A proxy has one for each open connection, and the way to a restarted writer comes after them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    ours, theirs = socket.socketpair()
    high = 0
    try:
        high = os.dup2(ours.fileno(), 2000)
        assert is_writable(high, 0)
        assert not is_readable(high, 0)
        theirs.close()
        assert is_readable(high, 0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        ours.close()
        theirs.close()
        if high:
            os.close(high)
