"""An upstream that plays a script on every connection, and keeps what it saw on each."""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

from h2.exceptions import ProtocolError

from integration.record.transparency.http1 import CutError, StalledError
from integration.record.transparency.stage import Stage
from integration.record.transparency.wire import Entry, Wire

UpstreamScript = Callable[[Wire, Stage], None]


class ScriptedUpstream:
    """Listens on `port` of 127.0.0.1. Without a script, connections are closed at once."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._tls = tls
        self._script: UpstreamScript | None = None
        self._stage: Stage | None = None
        self._numbers: Iterator[int] = itertools.count()
        self._wires: list[Wire] = []
        self._threads: list[threading.Thread] = []
        self._fence: tuple[str, int] | None = None
        self._has_met_fence = threading.Event()
        self._acceptor = threading.Thread(target=self._accept, name="scripted-upstream", daemon=True)
        self._acceptor.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def perform(self, script: UpstreamScript, stage: Stage) -> None:
        """Play this from now on."""
        self._wires, self._threads = [], []
        self._script, self._stage, self._numbers = script, stage, itertools.count()

    def settle(self, seconds: float) -> tuple[tuple[Entry, ...], ...]:
        """Wait for the connections' ends; what each of them saw, without those that carried nothing."""
        deadline = time.monotonic() + seconds
        self._accept_all(seconds)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._script = None
        return tuple(tuple(wire.log) for wire in self._wires if wire.log)

    def _accept_all(self, seconds: float) -> None:
        """Connections are accepted in order: when one of our own is, all that came before it have their threads."""
        with socket.socket() as fence:
            fence.bind(("127.0.0.1", 0))
            self._has_met_fence.clear()
            self._fence = fence.getsockname()
            fence.connect(("127.0.0.1", self.port))
            assert self._has_met_fence.wait(seconds), "the upstream accepts no more"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the acceptor
        self._listener.close()
        self._acceptor.join(5)

    def _accept(self) -> None:
        while True:
            try:
                sock, peer = self._listener.accept()
            except OSError:
                return
            if peer == self._fence:
                sock.close()
                self._has_met_fence.set()
                continue
            if self._script is None or self._stage is None:
                sock.close()
                continue
            thread = threading.Thread(
                target=self._play, args=(sock, self._script, self._stage, self._numbers), daemon=True
            )
            thread.start()
            self._threads.append(thread)  # now it can be joined

    def _play(self, sock: socket.socket, script: UpstreamScript, stage: Stage, numbers: Iterator[int]) -> None:
        sock.settimeout(stage.patience)
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
        except (OSError, ssl.SSLError):  # a port that is only looked at
            sock.close()
            return
        wire = Wire(sock, stage.patience, keeps_chunks=stage.keeps_chunks)
        wire.numbers = numbers
        self._wires.append(wire)
        with wire:
            try:
                script(wire, stage)
            except StalledError as stalled:
                wire.note(f"stalled: {stalled}")
            except CutError as cut:
                if cut.data or wire.log:
                    wire.note(f"cut after {cut.data[-80:]!r}")
            except (OSError, ValueError, ProtocolError) as error:
                if wire.log:
                    wire.note(f"ended with {type(error).__name__}")
