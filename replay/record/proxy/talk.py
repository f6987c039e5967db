"""One HTTP/1 client, mitmproxy's whole HTTP side, one upstream, played through without a socket: bytes in, bytes out.

client_says  ─▶  HttpLayer (mended or not)  ─▶  upstream_got
client_got   ◀─            hooks            ◀─  upstream_says
"""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import Any

# What the HTTP layer asks for; a mitmproxy that asks for more fails the rehearsal and stays stock.
_OPTIONS = {
    "body_size_limit": None,
    "connection_strategy": "lazy",
    "http2_ping_keepalive": 0,
    "keep_host_header": True,
    "normalize_outbound_headers": True,
    "proxy_debug": False,
    "rawtcp": True,
    "store_streamed_bodies": False,
    "stream_large_bodies": None,
    "validate_inbound_headers": True,
    "websocket": True,
}


class Talk:
    """`hooks`: the addon hooks that were called, in order. `streams`: request bodies pass as they come."""

    def __init__(self, *, streams: bool = False) -> None:
        from mitmproxy.connection import Client, ConnectionState, Server
        from mitmproxy.proxy import events
        from mitmproxy.proxy.context import Context
        from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode

        here = ("127.0.0.1", 80)
        self._client = Client(peername=here, sockname=here, timestamp_start=0.0, state=ConnectionState.OPEN)
        context: Any = Context(self._client, SimpleNamespace(**_OPTIONS))  # type: ignore[arg-type] # it reads these options and no others
        self._upstream = context.server = Server(address=here)
        self._upstream.state = ConnectionState.OPEN
        self._layer = HttpLayer(context, HTTPMode.transparent)
        self._streams = streams
        self.hooks: list[str] = []
        self._sent: dict[Any, bytes] = {self._client: b"", self._upstream: b""}
        self._feed(events.Start())

    def client_says(self, data: bytes) -> None:
        self._say(self._client, data)

    def upstream_says(self, data: bytes) -> None:
        self._say(self._upstream, data)

    def upstream_closes(self) -> None:
        from mitmproxy.connection import ConnectionState
        from mitmproxy.proxy import events

        self._upstream.state &= ~ConnectionState.CAN_READ
        self._feed(events.ConnectionClosed(self._upstream))

    @property
    def is_client_closed(self) -> bool:
        """Nothing more will be written to the client."""
        from mitmproxy.connection import ConnectionState

        return not self._client.state & ConnectionState.CAN_WRITE

    def client_got(self) -> bytes:
        """Since it was asked the last time."""
        return self._take(self._client)

    def upstream_got(self) -> bytes:
        """Since it was asked the last time."""
        return self._take(self._upstream)

    def _take(self, side: Any) -> bytes:
        taken, self._sent[side] = self._sent[side], b""
        return taken

    def _say(self, side: Any, data: bytes) -> None:
        from mitmproxy.proxy import events

        self._feed(events.DataReceived(side, data))

    def _feed(self, event: Any) -> None:
        from mitmproxy.proxy import commands, events

        waiting = deque([event])
        while waiting:
            for command in list(self._layer.handle_event(waiting.popleft())):
                if isinstance(command, commands.SendData):
                    self._sent[command.connection] += command.data
                elif isinstance(command, commands.CloseConnection):
                    self._close(command)
                elif isinstance(command, commands.StartHook):
                    self.hooks.append(command.name)
                    if self._streams and command.name == "requestheaders":
                        vars(command)["flow"].request.stream = True
                    if command.blocking:
                        waiting.append(events.HookCompleted(command, None))

    def _close(self, command: Any) -> None:
        from mitmproxy.connection import ConnectionState

        if getattr(command, "half_close", False):
            command.connection.state &= ~ConnectionState.CAN_WRITE
        else:
            command.connection.state = ConnectionState.CLOSED
