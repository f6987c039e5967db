"""Interim responses (1xx) of the upstream are passed on as they come, and the final one reaches client and capture.

RFC 9110 15.2: any number of 1xx responses may come before the final one, a proxy must forward them, and an HTTP/1.0
client gets none. mitmproxy has room for one response in a flow and takes the first (its issue 2229): after `103 Early
Hints` the client waits for ever. Its HTTP/2 side drops them.

    upstream: 103 | 102 | 200  ->  client: 103 | 102 | 200, flow and capture: 200

Complete interim heads are taken off the front of the receive buffer before mitmproxy parses what follows, and go
through its layers as an event of their own, so that they are in order with all else: byte for byte to an HTTP/1.1
client, as informational HEADERS to an HTTP/2 one (RFC 9113 8.1). Half a head waits for its rest, as any head does. 101
is final for us: it switches protocols. HTTP/3 clients get none: mitmproxy's side of it knows no way of writing them.

Rule: an interim response is no response: no hook sees it, nothing records it.
"""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any

from replay.record.proxy.mend import Mend, Undo, replace, undo_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_INTERIM = re.compile(rb"HTTP/1\.[0-9] 1(?!01)[0-9][0-9](?=[ \r\n])")
_BREAKS = re.compile(rb"[\0\r\n]")  # in a name or a value they would make another head of this one


def _fits() -> bool:
    from h11._receivebuffer import ReceiveBuffer
    from mitmproxy.proxy.layers import http
    from mitmproxy.proxy.layers.http import _http1, _http2

    return (
        "read_headers" in vars(_http1.Http1Client)
        and hasattr(ReceiveBuffer, "maybe_extract_lines")
        and "state_wait_for_response_headers" in vars(http.HttpStream)
        and "handle_h2_event" in vars(_http2.Http2Client)
        and "_handle_event" in vars(_http2.Http2Server)
        and hasattr(_http2, "format_h2_response_headers")
    )


def _put() -> Undo:
    from mitmproxy.proxy.layers.http import HttpStream, _http1, _http2

    kind = _event_kind()
    client, stream = _http2.Http2Client, HttpStream
    waiting = "state_wait_for_response_headers"
    return undo_all(
        (
            replace(_http1.Http1Client, "read_headers", _reading(_http1.Http1Client.read_headers, kind)),
            replace(client, "handle_h2_event", _reading_http2(client.handle_h2_event, kind)),
            replace(stream, waiting, _passing_on(getattr(stream, waiting), kind)),
            replace(_http2.Http2Server, "_handle_event", _writing_http2(_http2.Http2Server._handle_event, kind)),  # noqa: SLF001 - as above
        )
    )


def _event_kind() -> Any:
    from mitmproxy.proxy.layers.http._base import HttpEvent

    class InterimResponse(HttpEvent):
        """`raw`: its head as HTTP/1 has it, with the empty line."""

        def __init__(self, stream_id: int, raw: bytes) -> None:
            super().__init__(stream_id)
            self.raw = raw

    return InterimResponse


def _reading(stock: Callable[..., Any], kind: Any) -> Callable[..., Any]:
    from mitmproxy.proxy.events import DataReceived
    from mitmproxy.proxy.layers.http._base import ReceiveHttp

    def read_headers(self: Any, event: Any) -> Any:
        if self.request is not None and isinstance(event, DataReceived) and _INTERIM.match(bytes(self.buf)):
            return with_interim(self, event)
        return stock(self, event)

    def with_interim(self: Any, event: Any) -> Iterator[Any]:
        while _INTERIM.match(before := bytes(self.buf)) and self.buf.maybe_extract_lines() is not None:
            yield ReceiveHttp(kind(self.stream_id, before[: len(before) - len(self.buf)]))
        yield from stock(self, event)

    return read_headers


def _reading_http2(stock: Callable[..., Any], kind: Any) -> Callable[..., Any]:
    from h2.events import InformationalResponseReceived
    from mitmproxy.proxy.layers.http._base import ReceiveHttp

    def handle_h2_event(self: Any, event: Any) -> Any:
        return with_interim(self, event) if isinstance(event, InformationalResponseReceived) else stock(self, event)

    def with_interim(self: Any, event: Any) -> Any:
        raw = _as_http1(event.headers)
        if raw and event.stream_id in self.streams:
            yield ReceiveHttp(kind(event.stream_id, raw))
        return False  # go on with what else has come

    return handle_h2_event


def _passing_on(stock: Callable[..., Any], kind: Any) -> Callable[..., Any]:
    from mitmproxy.proxy.commands import SendData
    from mitmproxy.proxy.layers.http import SendHttp

    @wraps(stock)
    def state_wait_for_response_headers(self: Any, event: Any) -> Any:
        return to_client(self, event) if type(event) is kind else stock(self, event)

    def to_client(self: Any, event: Any) -> Iterator[Any]:
        client, request = self.context.client, self.flow.request
        if self.client_state == self.state_errored:
            return
        if request.is_http2:
            yield SendHttp(event, client)
        elif request.data.http_version == b"HTTP/1.1":
            yield SendData(client, event.raw)  # HTTP/1 answers one request at a time, and this is the one

    return state_wait_for_response_headers


def _writing_http2(stock: Callable[..., Any], kind: Any) -> Callable[..., Any]:
    from mitmproxy.net.http.http1 import read_response_head
    from mitmproxy.proxy.commands import SendData
    from mitmproxy.proxy.layers.http import _http2
    from mitmproxy.proxy.layers.http._events import ResponseHeaders

    def handle_event(self: Any, event: Any) -> Any:
        return write(self, event) if type(event) is kind else stock(self, event)

    def write(self: Any, event: Any) -> Iterator[Any]:
        try:
            response = read_response_head(event.raw.rstrip(b"\r\n").splitlines())
        except (ValueError, IndexError):  # no HTTP/2 client can be told this
            return
        if self.is_open_for_us(event.stream_id) and _is_clean(response.headers.fields):
            head = ResponseHeaders(event.stream_id, response)
            fields = yield from _http2.format_h2_response_headers(self.context, head)
            self.h2_conn.send_headers(event.stream_id, fields)
            yield SendData(self.conn, self.h2_conn.data_to_send())

    return handle_event


def _as_http1(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The head in HTTP/1's form; empty when it has none."""
    from mitmproxy.net.http.status_codes import RESPONSES

    pairs = [(bytes(name), bytes(value)) for name, value in fields]
    status = next((value for name, value in pairs if name == b":status"), b"")
    if not status.isdigit() or not _is_clean(pairs):
        return b""
    lines = [b"HTTP/1.1 %s %s" % (status, RESPONSES.get(int(status), "").encode())]
    lines += [b"%s: %s" % pair for pair in pairs if not pair[0].startswith(b":")]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _is_clean(fields: Iterable[tuple[bytes, bytes]]) -> bool:
    return not any(_BREAKS.search(name) or _BREAKS.search(value) for name, value in fields)


def _holds() -> bool:
    from replay.record.proxy.talk import Talk

    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    talk, old, plain = Talk(), Talk(), Talk()
    talk.client_says(b"GET / HTTP/1.1\r\n\r\n")
    talk.upstream_says(early)
    is_early = talk.client_got() == early
    talk.upstream_says(final)
    old.client_says(b"GET / HTTP/1.0\r\n\r\n")
    old.upstream_says(early + final)
    plain.client_says(b"GET / HTTP/1.1\r\n\r\n")
    plain.upstream_says(final)
    return (
        is_early
        and talk.client_got() == old.client_got() == plain.client_got() == final
        and talk.hooks == old.hooks == plain.hooks
    )


INTERIM = Mend("interim-responses", _fits, _put, _holds)
