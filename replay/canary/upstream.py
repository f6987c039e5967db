"""The service behind the recorder: gives to each request the answer that its case plans, and keeps what it was sent."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from replay.canary.case import Plan
from replay.canary.wire_forms import CLOSE, Reader, answer_bytes, close_frame, frame

_SECONDS = 20.0


class PlannedUpstream:
    """Listens on 127.0.0.1. Cases come one after the other, so there is one plan at a time."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = socket.create_server((host, port))
        self.address: tuple[str, int] = self._server.getsockname()[:2]
        self._plan = Plan()
        self._lock = threading.Lock()
        self._received: list[bytes] = []
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://{self.address[0]}:{self.address[1]}"

    def expect(self, plan: Plan) -> None:
        """From now on answer as planned; what was received before is forgotten."""
        with self._lock:
            self._plan = plan
            self._received = []

    def received(self) -> list[bytes]:
        """Raw requests, and payloads of WebSocket messages, since `expect`."""
        with self._lock:
            return list(self._received)

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(_SECONDS)
        with self._lock:
            left = list(self._open)
        for connection in left:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(_SECONDS)
        reader = Reader(connection)
        try:
            with connection, suppress(OSError, ValueError):
                while request := reader.message(is_answer=False):
                    plan = self._take(request)
                    connection.sendall(answer_bytes(plan))
                    if plan.is_socket:
                        self._talk(connection, reader, plan)
                    if plan.is_socket or not plan.status:
                        return
        finally:
            with self._lock:
                self._open.discard(connection)

    def _take(self, data: bytes) -> Plan:
        with self._lock:
            self._received.append(data)
            return self._plan

    def _talk(self, connection: socket.socket, reader: Reader, plan: Plan) -> None:
        for _ in range(sum(message.from_client for message in plan.messages)):
            self._take(reader.frame()[1])
        for message in plan.messages:
            if not message.from_client:
                connection.sendall(frame(message.opcode, message.data, is_masked=False))
        if reader.frame()[0] == CLOSE:
            connection.sendall(close_frame("", is_masked=False))
