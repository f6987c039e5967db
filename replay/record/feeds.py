"""What a writer reads from: the pipe of its parent, and a connection for each worker, each in its turn.

    parent ──stdin──▶ HELLO ... (EXCHANGES ...) END with when the last word is due
    worker ──socket─▶ token, then EXCHANGES ...;   the writer answers the token with its generation, 8 bytes

Rule: every ready connection gives one piece per round, so that none starves the others. What a connection's end tears
is left out. A connection that does not begin with the token is closed unread.
"""

from __future__ import annotations

import hmac
import os
import selectors
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from replay.record.frames import FrameBuffer, FrameKind
from replay.record.waiting import is_readable

STDIN = 0
_PIECE_BYTES = 256 << 10
_QUIET_SECONDS = 1.0  # with the parent gone: how long a worker may take to come (back) before all is over
_LINGER_SECONDS = 5.0  # after END: how long an open connection may stay silent

WELCOME = struct.Struct(">Q")  # the writer's generation

Frame = tuple[FrameKind, Any]


class Feeds:
    """`now`: a monotonic clock in seconds. With a `listener`, workers may connect. `parent`: a descriptor."""

    def __init__(self, now: Callable[[], float], listener: socket.socket | None = None, parent: int = STDIN) -> None:
        self._now = now
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._parent = parent
        self._parent_buffer = FrameBuffer()
        self._selector.register(parent, selectors.EVENT_READ, self._read_parent)
        self._frames: deque[Frame] = deque()
        self._workers: set[_Worker] = set()
        self._ending = False
        self._parent_is_gone = False
        self._quiet_since = now()
        self.due = float("inf")  # when the last word is, on the same clock; the parent says so at the end

    def welcome(self, token: bytes, generation: int) -> None:
        """From now on workers are let in."""
        self._token, self._greeting = token, WELCOME.pack(generation)
        if self._listener:
            self._listener.setblocking(False)
            self._selector.register(self._listener, selectors.EVENT_READ, self._let_in)

    def next(self, seconds: float) -> Frame | None:
        """The next frame; None after `seconds` without one."""
        if not self._frames:
            for key, _ in self._selector.select(max(0.0, seconds)):
                key.data()
        return self._frames.popleft() if self._frames else None

    def look_at_parent(self) -> None:
        """Hear of the end without taking anything else."""
        if not self._ending and is_readable(self._parent, 0):
            self._read_parent()

    @property
    def ended(self) -> bool:
        """True when nothing can follow: the parent said so or is gone, and every worker's connection is read out."""
        if self._frames or not self._ending:
            return False
        if self._listener is None:
            return True
        silent = self._now() - self._quiet_since
        if self._parent_is_gone:
            return not self._workers and silent >= _QUIET_SECONDS
        return not self._workers or silent >= _LINGER_SECONDS

    @property
    def is_orphan(self) -> bool:
        """True when the parent ended without a word: nobody else will clean up."""
        return self._parent_is_gone

    def close(self) -> None:
        for worker in tuple(self._workers):
            self._drop(worker)
        self._selector.close()

    def _read_parent(self) -> None:
        data = os.read(self._parent, _PIECE_BYTES)
        frames = list(self._parent_buffer.feed(data))
        self._frames.extend(frame for frame in frames if frame[0] is not FrameKind.END)
        ends = [due for kind, due in frames if kind is FrameKind.END]
        if ends or not data:
            self._ending = True
            self._parent_is_gone = not ends
            self._quiet_since = self._now()
            self.due = ends[0] if ends and ends[0] else float("inf")
            self._selector.unregister(self._parent)

    def _let_in(self) -> None:
        if self._listener is None:
            return
        with suppress(OSError):
            connection, _ = self._listener.accept()
            worker = _Worker(connection)
            self._workers.add(worker)
            self._selector.register(connection, selectors.EVENT_READ, lambda: self._read_worker(worker))

    def _read_worker(self, worker: _Worker) -> None:
        self._quiet_since = self._now()
        try:
            data = worker.connection.recv(_PIECE_BYTES)
        except OSError:
            data = b""
        if not data:
            self._drop(worker)
            return
        if not worker.is_known:
            data = self._check(worker, data)
        if worker.is_known:
            self._frames.extend(worker.buffer.feed(data))

    def _check(self, worker: _Worker, data: bytes) -> bytes:
        """What follows the token; the connection is closed when it is another one."""
        worker.said += data
        if len(worker.said) < len(self._token):
            return b""
        said, rest = worker.said[: len(self._token)], worker.said[len(self._token) :]
        if not hmac.compare_digest(said, self._token):
            self._drop(worker)
            return b""
        worker.is_known = True
        try:
            worker.connection.sendall(self._greeting)
        except OSError:
            self._drop(worker)
        return rest

    def _drop(self, worker: _Worker) -> None:
        self._selector.unregister(worker.connection)
        self._workers.discard(worker)
        worker.connection.close()


class _Worker:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.buffer = FrameBuffer()
        self.said = b""
        self.is_known = False
