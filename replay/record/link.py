"""The way from a pump to the writer: a child of ours with a pipe, or a connection to the supervisor's.

    plain mitmdump   pump ── ChildLink ──pipe──▶ writer           (another one is started when it dies)
    a worker         pump ── SocketLink ─socket▶ writer           (the supervisor starts another one)

Rule: a frame that was not written whole was never taken, so it may be written again to the next writer. Nothing here
raises after the start; only the pump's thread waits.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from replay.model.errors import ReplayError
from replay.record.account import Standing
from replay.record.feeds import WELCOME
from replay.record.ledger import GENERATION, HANDED, WELCOMED
from replay.record.waiting import is_writable
from replay.record.writer_process import WriterOrder, WriterProcess, has_capture

_LOOK_SECONDS = 0.1  # how soon a writing that has lasted long enough ends
_CONNECT_SECONDS = 0.5  # for each of: connecting, and waiting for the welcome


class Link(Protocol):
    """One way at a time, opened again when it breaks."""

    @property
    def is_open(self) -> bool: ...

    def open(self) -> bool:
        """Try once; waits for seconds at most. True when there is a writer at the other end."""
        ...

    def write(self, data: bytes, is_enough: Callable[[], bool]) -> bool:
        """Waits while the writer is busy. False when it is gone, and then the link is closed; or when it is enough."""
        ...

    def tend(self) -> None:
        """Listen to the writer, and notice its end."""
        ...


class ChildLink:
    """Starts the writer, and others after it, always on the same file."""

    def __init__(self, order: WriterOrder, cells: memoryview, warn: Callable[[str], None]) -> None:
        """Raises ReplayError when the capture cannot be opened."""
        self._cells = cells
        self._warn = warn  # takes a sentence
        self.process: WriterProcess | None = WriterProcess(order)
        self.start = self.process.standing  # what the file counted before this recording
        self.known = self.start  # what a writer said last to be stored
        self.restarts = 0
        self._order = replace(order, append=True, start=self.start)
        cells[GENERATION] = order.generation

    @property
    def is_open(self) -> bool:
        return self.process is not None

    def open(self) -> bool:
        """Another writer on the same capture; on a new one when somebody removed it."""
        order = self.next_order(self._order)
        try:
            process = WriterProcess(order)
        except ReplayError as error:
            self._warn(f"no writer can be started: {error}")
            return False
        self._order = order
        self.restarts += 1
        self.start, self.known = order.start or process.standing, process.standing
        self._cells[WELCOMED] = self._cells[HANDED]
        self._cells[GENERATION] = order.generation
        self.process = process
        return True

    def write(self, data: bytes, is_enough: Callable[[], bool]) -> bool:
        process = self.process
        if process is not None and process.write(data, is_enough):
            return True
        if not is_enough():
            self._bury()
        return False

    def tend(self) -> None:
        if self.process is not None:
            self.process.listen()
            self.known = self.process.latest
            if self.process.has_fallen_silent or not self.process.is_alive:
                self._bury()

    def finish(self, seconds: float) -> Standing | None:
        """The writer's last word, or None."""
        if self.process is None:
            return None
        last = self.process.finish(seconds)
        self.known = self.process.latest
        return last

    @staticmethod
    def next_order(order: WriterOrder) -> WriterOrder:
        """For the writer after this one. A capture that is gone is begun anew, and all that was in it is lost."""
        again = replace(order, generation=order.generation + 1, append=True)
        return again if has_capture(order.capture) else replace(again, append=False, start=Standing())

    def _bury(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            self._warn("the writer process ended; another one is started")


class SocketLink:
    """Connects to where the supervisor's writers accept."""

    def __init__(self, path: str, token: bytes, cells: memoryview) -> None:
        self._path = path
        self._token = token
        self._cells = cells
        self._connection: socket.socket | None = None
        self._joining: socket.socket | None = None  # connected and not welcomed yet: the writer starts, or is stopped

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def open(self) -> bool:
        joining = self._joining or self._connect()
        if joining is None:
            return False
        try:
            greeting = joining.recv(WELCOME.size)
        except TimeoutError:
            return False
        except OSError:
            greeting = b""
        self._joining = None
        if len(greeting) < WELCOME.size:
            joining.close()
            return False
        (generation,) = WELCOME.unpack(greeting)
        if self._cells[GENERATION] != generation:
            self._cells[WELCOMED] = self._cells[HANDED]
            self._cells[GENERATION] = generation
        joining.setblocking(False)
        self._connection = joining
        return True

    def write(self, data: bytes, is_enough: Callable[[], bool]) -> bool:
        if self._connection is None:
            return False
        view = memoryview(data)
        while view and not is_enough():
            try:
                if is_writable(self._connection.fileno(), _LOOK_SECONDS):
                    view = view[self._connection.send(view) :]
            except OSError:
                self.close()
                return False
        return not view

    def tend(self) -> None:
        """The writer never says anything after its welcome: what is readable is its end."""
        if self._connection is None:
            return
        try:
            if not self._connection.recv(1):
                self.close()
        except BlockingIOError:
            return
        except OSError:
            self.close()

    def close(self) -> None:
        for one in (self._connection, self._joining):
            if one is not None:
                with suppress(OSError):
                    one.close()
        self._connection = self._joining = None

    def _connect(self) -> socket.socket | None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_CONNECT_SECONDS)
        try:
            connection.connect(self._path)
            connection.sendall(self._token)
        except OSError:
            connection.close()
            return None
        self._joining = connection
        return connection
