"""Connection options count in any case: `Connection: Close` ends a connection, `Keep-Alive` keeps an HTTP/1.0 one.

RFC 9110 7.6.1: connection options are case-insensitive. mitmproxy compares them as they are written: after
`connection: Close` of an upstream the client's connection stays open, and ApacheBench, which writes `Connection:
Keep-Alive`, is cut off.
"""

from __future__ import annotations

from typing import Any

from replay.record.proxy.mend import Mend, Undo, replace, undo_all

_PERSISTENT = ("HTTP/1.1", b"HTTP/1.1", "HTTP/2.0", b"HTTP/2.0")


def connection_close(http_version: str | bytes, headers: Any) -> bool:
    """True when the connection ends with this message (RFC 9112 9.3); `headers`: those of a mitmproxy message."""
    keeps = http_version in _PERSISTENT
    for name, value in headers.fields:
        if len(name) == 10 and name.lower() == b"connection":
            options = [option.strip().lower() for option in value.split(b",")]
            if b"close" in options:
                return True
            keeps = keeps or b"keep-alive" in options
    return not keeps


def _fits() -> bool:
    from mitmproxy.net.http import http1
    from mitmproxy.net.http.http1 import read
    from mitmproxy.proxy.layers.http import _http1

    return vars(_http1)["http1"] is http1 and http1.connection_close is read.connection_close


def _put() -> Undo:
    from mitmproxy.net.http import http1
    from mitmproxy.net.http.http1 import read

    return undo_all(tuple(replace(owner, "connection_close", connection_close) for owner in (http1, read)))


def _holds() -> bool:
    from replay.record.proxy.talk import Talk

    kept = Talk()
    kept.client_says(b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
    kept.upstream_says(b"HTTP/1.1 200 OK\r\nConnection: KEEP-ALIVE\r\nContent-Length: 0\r\n\r\n")
    ended = Talk()
    ended.client_says(b"GET / HTTP/1.1\r\n\r\n")
    ended.upstream_says(b"HTTP/1.1 200 OK\r\nconnection: x, Close\r\nContent-Length: 0\r\n\r\n")
    return not kept.is_client_closed and ended.is_client_closed


CONNECTION_OPTIONS = Mend("connection-options", _fits, _put, _holds)
