"""Ending without cutting anybody off: no new connections, idle ones closed, busy ones finished, within a time.

    close the listeners -> until nobody is left: close what is idle -> time is over: close what is left -> shut down

A connection is busy while a request is being received, answered, or its answer still waits for a slow client to take
it; WebSockets and tunnels count as busy. It is idle between two requests. One on which nothing has come yet gets a
moment, for its request may be on the way.

Closing what is left before the shutdown makes mitmproxy tell the addon how each exchange ended, so that it is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

FRESH_SECONDS = 0.5
LAST_WORDS_SECONDS = 0.5  # for the hooks of connections that were closed on
_STEP_SECONDS = 0.02

BUSY, IDLE, FRESH = "busy", "idle", "fresh"


async def drain(proxyserver: Any, is_hurried: Callable[[], bool], seconds: float) -> None:
    """Returns when no connection is left, after `seconds`, or soon after `is_hurried` says so."""
    await proxyserver.servers.update([])  # closes the listeners, keeps the connections
    clock = asyncio.get_running_loop().time
    began = clock()
    while proxyserver.connections and not is_hurried() and clock() < began + seconds:
        done_with = (IDLE,) if clock() < began + FRESH_SECONDS else (IDLE, FRESH)
        await _close(handler for handler in list(proxyserver.connections.values()) if stage(handler) in done_with)
        await asyncio.sleep(_STEP_SECONDS)
    await _close(list(proxyserver.connections.values()))
    ended = clock()
    while proxyserver.connections and clock() < ended + LAST_WORDS_SECONDS:  # noqa: ASYNC110 - mitmproxy has no event for it
        await asyncio.sleep(_STEP_SECONDS)


async def _close(handlers: Any) -> None:
    for handler in handlers:
        await handler.on_timeout()  # as after `tcp_timeout` seconds of silence: the client's side is closed


def stage(handler: Any) -> str:
    """Where a client connection of mitmproxy stands; BUSY when it cannot be told."""
    try:
        return _stage(handler)
    except (AttributeError, KeyError):
        return BUSY


def _stage(handler: Any) -> str:
    writer = handler.transports[handler.client].writer
    if writer.transport.get_write_buffer_size():
        return BUSY
    return _layer_stage(handler.layer.context, 0)


def _layer_stage(context: Any, from_layer: int) -> str:
    from mitmproxy.proxy.layers.http import HttpLayer

    layers = context.layers[from_layer:]
    if any(type(layer).__name__ in {"TCPLayer", "WebsocketLayer", "UDPLayer"} for layer in layers):
        return BUSY
    http = next((layer for layer in layers if isinstance(layer, HttpLayer)), None)
    if http is None:
        return FRESH
    if not http.streams:
        return _connection_stage(http.connections[context.client])
    # A finished CONNECT leaves its stream open: what runs inside the tunnel decides.
    stages = [_layer_stage(s.context, s.context.layers.index(s) + 1) if _is_tunnel(s) else BUSY for s in _streams(http)]
    return BUSY if BUSY in stages else stages[0]


def _streams(http: Any) -> list[Any]:
    return list(http.streams.values())


def _is_tunnel(stream: Any) -> bool:
    return bool(stream.child_layer is not None and stream.flow.request.method == "CONNECT")


def _connection_stage(connection: Any) -> str:
    from mitmproxy.proxy.layers.http._http1 import Http1Server

    if not isinstance(connection, Http1Server):  # HTTP/2 without an open stream
        return IDLE if connection.h2_conn.highest_inbound_stream_id else FRESH
    if connection.request is not None or connection.buf:
        return BUSY
    return IDLE if connection.stream_id > 1 else FRESH
