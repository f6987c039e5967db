"""A mended HTTP/1 connection of mitmproxy played through without a socket: bytes in, events and bytes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_STREAM = 1


@dataclass(slots=True)
class Received:
    """What the layer above a connection was told."""

    statuses: list[int] = field(default_factory=list)
    body: bytes = b""
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)
    is_finished: bool = False


def receive_response(raw: bytes, method: str = "GET") -> Received:
    """The upstream sends `raw` in answer to a request; a finished message ends the play."""
    from mitmproxy.proxy import events
    from mitmproxy.proxy.layers.http import _events, _http1

    context = fresh_context()
    connection = _http1.Http1Client(context)
    _play(connection, events.Start())
    _play(connection, _events.RequestHeaders(_STREAM, _request(method), end_stream=True))
    _play(connection, _events.RequestEndOfMessage(_STREAM))
    received = Received()
    for command in _play(connection, events.DataReceived(context.server, raw)):
        _note(received, getattr(command, "event", None))
    return received


def send_response(body: bytes, trailers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The bytes that a client gets of a chunked response."""
    from mitmproxy.http import Headers, Response
    from mitmproxy.proxy import events
    from mitmproxy.proxy.layers.http import _events, _http1

    context = fresh_context()
    connection = _http1.Http1Server(context)
    response = Response.make(200, b"", ((b"Transfer-Encoding", b"chunked"),))
    response.headers.pop("content-length", None)
    commands = _play(connection, events.Start())
    commands += _play(connection, events.DataReceived(context.client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
    commands += _play(connection, _events.ResponseHeaders(_STREAM, response))
    commands += _play(connection, _events.ResponseData(_STREAM, body))
    if trailers:
        commands += _play(connection, _events.ResponseTrailers(_STREAM, Headers(trailers)))
    commands += _play(connection, _events.ResponseEndOfMessage(_STREAM))
    return b"".join(getattr(command, "data", b"") for command in commands)


def _note(received: Received, event: Any) -> None:
    from mitmproxy.proxy.layers.http import _events

    if isinstance(event, _events.ResponseHeaders):
        received.statuses.append(event.response.status_code)
    elif isinstance(event, _events.ResponseData):
        received.body += event.data
    elif isinstance(event, _events.ResponseTrailers):
        received.trailers.extend(event.trailers.fields)
    elif isinstance(event, _events.ResponseEndOfMessage):
        received.is_finished = True


def fresh_context() -> Any:
    from mitmproxy.connection import Client, ConnectionState, Server
    from mitmproxy.options import Options
    from mitmproxy.proxy.context import Context

    here = ("127.0.0.1", 1)
    client = Client(peername=here, sockname=here, timestamp_start=0.0, state=ConnectionState.OPEN)
    context = Context(client, Options())
    context.server = Server(address=here)
    context.server.state = ConnectionState.OPEN
    return context


def _request(method: str) -> Any:
    from mitmproxy.http import Request

    return Request.make(method, "http://a/")


def _play(connection: Any, event: Any) -> list[Any]:
    return list(connection.handle_event(event))
