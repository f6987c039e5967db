"""The client: sends cases one after the other through the recorder, and sees whether bytes arrive as they were sent."""

from __future__ import annotations

import importlib
import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from replay.canary.case import Plan, Planted
from replay.canary.upstream import PlannedUpstream
from replay.canary.wire_forms import Reader, answer_bytes, close_frame, frame, request_bytes

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Sent:
    """When a case was under way (seconds, UTC), and what was wrong with its passage; a fixed text without values."""

    planted: Planted
    start: float
    end: float
    problem: str = ""


class Driver:
    """`wall` tells the time as the recorder's own clock does."""

    def __init__(
        self, port: int, upstream: PlannedUpstream, wall: Callable[[], float], host: str = "127.0.0.1"
    ) -> None:
        self._address = host, port
        self._upstream = upstream
        self._wall = wall

    def send(self, planted: Planted) -> Sent:
        plan = planted.plan
        self._upstream.expect(plan)
        start = self._wall()
        try:
            problem = self._pass(plan)
        except (OSError, ValueError) as error:
            problem = f"the exchange did not come through ({type(error).__name__})"
        return Sent(planted, start, self._wall(), "" if plan.is_odd else problem)

    def begin(self, data: bytes) -> socket.socket:
        """Open a connection, send this much, and leave it open."""
        connection = socket.create_connection(self._address, _SECONDS)
        connection.sendall(data)
        return connection

    def _pass(self, plan: Plan) -> str:
        if plan.http2:
            return self._over_http2(plan)
        with ExitStack() as held:
            connection = held.enter_context(socket.create_connection(self._address, _SECONDS))
            connection.settimeout(3.0 if plan.is_odd else _SECONDS)
            if plan.tls_name:
                connection = held.enter_context(_unchecked().wrap_socket(connection, server_hostname=plan.tls_name))
            reader = Reader(connection)
            sent, planned = request_bytes(plan), answer_bytes(plan)
            connection.sendall(sent)
            got = reader.message(is_answer=True, to_head=plan.method == "HEAD")
            if plan.is_socket:
                planned_messages = self._talk(connection, reader, plan)
                if not planned_messages:
                    return "a WebSocket message came through changed"
            received = self._upstream.received()
            if not received or received[0] != sent:
                return "the upstream saw another request than was sent"
            return "" if got == planned else "the client saw another answer than was sent"

    def _talk(self, connection: socket.socket, reader: Reader, plan: Plan) -> bool:
        """Say what the client says, hear the rest; True when both sides heard what was said."""
        ours = [message for message in plan.messages if message.from_client]
        for message in ours:
            connection.sendall(frame(message.opcode, message.data, is_masked=True))
        heard = [reader.frame() for message in plan.messages if not message.from_client]
        connection.sendall(close_frame(plan.close_reason, is_masked=True))
        with suppress(OSError):
            reader.frame()
        said = self._upstream.received()[1:]
        theirs = [(message.opcode, message.data) for message in plan.messages if not message.from_client]
        return heard == theirs and said == [message.data for message in ours]

    def _over_http2(self, plan: Plan) -> str:
        """One request as HTTP/2 over TLS; the upstream speaks HTTP/1.1, so only what both have is compared."""
        context = _unchecked()
        context.set_alpn_protocols(["h2"])
        with (
            socket.create_connection(self._address, _SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=plan.host) as connection,
        ):
            body = _http2_exchange(connection, plan)
        received = self._upstream.received()
        if not received or f" {plan.target} ".encode() not in received[0]:
            return "the upstream saw another request than was sent"
        return "" if body == plan.answer else "the client saw another answer than was sent"


def _http2_exchange(connection: socket.socket, plan: Plan) -> bytes:
    """The answer's body. The library comes with mitmproxy, which every recorder has."""
    library: Any = importlib.import_module("h2.connection")
    events: Any = importlib.import_module("h2.events")
    machine = library.H2Connection()
    machine.initiate_connection()
    fields = [(":method", plan.method), (":scheme", "https"), (":authority", plan.host), (":path", plan.target)]
    fields += [(name, value if isinstance(value, str) else value.decode("latin-1")) for name, value in plan.headers]
    machine.send_headers(1, fields, end_stream=True)
    body = b""
    while True:
        connection.sendall(machine.data_to_send())
        data = connection.recv(65536)
        if not data:
            raise ConnectionResetError
        for event in machine.receive_data(data):
            if isinstance(event, events.DataReceived):
                body += event.data
            if isinstance(event, events.StreamEnded):
                return body


def _unchecked() -> ssl.SSLContext:
    """The recorder makes its certificate itself, and nothing here is worth protecting."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
