"""Trailers of HTTP/1.1 chunked messages are passed on, in both directions, and are visible on the flow.

RFC 9112 7.1.2: after the last chunk a sender may add fields. mitmproxy carries trailers between its layers (HTTP/2 has
them), but its HTTP/1 side raises on reading them and knows no way of writing them: the client hangs.

    read:   last chunk + fields -> Trailers event, then the end of the message
    write:  Trailers event kept -> at the end of a chunked message `0 CRLF fields CRLF` instead of `0 CRLF CRLF`

Four stock pieces are wrapped: the chunked reader hands its fields to the connection instead of to the check that
raises; `read_body` of chunked messages puts the event in front of the end; `send` keeps and writes; towards HTTP/2 the
names are made lower case, which it demands (RFC 9113 8.2.1). Messages that are not chunked have no place for trailers
(RFC 9110 6.5.1): there they are left out, as a gateway may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from replay.record.proxy.mend import Mend, Undo, replace, undo_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_LAST_CHUNK = b"0\r\n\r\n"


def _fits() -> bool:
    from mitmproxy.proxy.layers.http import _events, _http1, _http_h2

    return (
        all(hasattr(_events, name) for name in ("RequestTrailers", "ResponseTrailers"))
        and hasattr(_http1, "ChunkedReader")
        and "send_trailers" in vars(_http_h2.BufferedH2Connection)
        and "read_body" in vars(_http1.Http1Connection)
        and all("send" in vars(side) for side in (_http1.Http1Server, _http1.Http1Client))
    )


def _put() -> Undo:
    from mitmproxy.proxy.layers.http import _events, _http1, _http_h2

    reader = _keeping_reader(vars(_http1)["ChunkedReader"])
    server, client = _http1.Http1Server, _http1.Http1Client
    h2 = _http_h2.BufferedH2Connection
    return undo_all(
        (
            replace(_http1, "ChunkedReader", reader),
            replace(h2, "send_trailers", _lowering(h2.send_trailers)),
            replace(_http1.Http1Connection, "read_body", _reading(_http1.Http1Connection.read_body, reader)),
            replace(server, "send", _sending(server.send, _events.ResponseTrailers, _events.ResponseEndOfMessage)),
            replace(client, "send", _sending(client.send, _events.RequestTrailers, _events.RequestEndOfMessage)),
        )
    )


def _keeping_reader(stock: Any) -> Any:
    from h11 import EndOfMessage

    class TrailerKeepingReader(stock):  # type: ignore[misc] # its parent is known at run time
        """Reads chunks; the fields at the end stay here, where the stock caller does not stumble over them."""

        trailers: tuple[tuple[bytes, bytes], ...] = ()

        def __call__(self, buf: Any) -> Any:
            event = super().__call__(buf)
            if isinstance(event, EndOfMessage) and event.headers:
                self.trailers = tuple((bytes(name), bytes(value)) for name, value in event.headers.raw_items())
                return EndOfMessage()
            return event

    return TrailerKeepingReader


def _reading(stock: Callable[..., Any], reader: type) -> Callable[..., Any]:
    from mitmproxy.http import Headers
    from mitmproxy.proxy.layers.http import _events, _http1
    from mitmproxy.proxy.layers.http._base import ReceiveHttp

    def read_body(self: Any, event: Any) -> Any:
        return with_trailers(self, event) if type(self.body_reader) is reader else stock(self, event)

    def with_trailers(self: Any, event: Any) -> Iterator[Any]:
        body_reader: Any = self.body_reader
        stream_id, end = self.stream_id, self.ReceiveEndOfMessage
        kind = _events.RequestTrailers if isinstance(self, _http1.Http1Server) else _events.ResponseTrailers
        for command in stock(self, event):
            if body_reader.trailers and isinstance(command, ReceiveHttp) and isinstance(command.event, end):
                fields, body_reader.trailers = body_reader.trailers, ()
                yield ReceiveHttp(kind(stream_id, Headers(fields)))
            yield command

    return read_body


def _lowering(stock: Callable[..., Any]) -> Callable[..., Any]:
    def send_trailers(self: Any, stream_id: int, trailers: Iterable[tuple[bytes, bytes]]) -> None:
        stock(self, stream_id, [(name.lower(), value) for name, value in trailers])

    return send_trailers


def _sending(stock: Callable[..., Any], kind: Any, end: Any) -> Callable[..., Any]:
    def send(self: Any, event: Any) -> Any:
        if type(event) is kind:
            self.kept_trailers = event.trailers
            return ()
        if type(event) is end and getattr(self, "kept_trailers", None):
            trailers, self.kept_trailers = self.kept_trailers, None
            return _with_last_chunk(stock(self, event), b"0\r\n" + bytes(trailers) + b"\r\n")
        return stock(self, event)

    return send


def _with_last_chunk(commands: Iterator[Any], last_chunk: bytes) -> Iterator[Any]:
    is_written = False
    for command in commands:
        if not is_written and getattr(command, "data", None) == _LAST_CHUNK:
            command.data, is_written = last_chunk, True
        yield command


def _holds() -> bool:
    from replay.record.proxy.rehearsal import receive_response, send_response

    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
    seen, bare = receive_response(chunked + b"X-Sum: 7\r\n\r\n"), receive_response(chunked + b"\r\n")
    return (
        (seen.body, seen.trailers, seen.is_finished) == (b"ok", [(b"X-Sum", b"7")], True)
        and (bare.body, bare.trailers, bare.is_finished) == (b"ok", [], True)
        and send_response(b"ok", ((b"X-Sum", b"7"),)).endswith(b"2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n")
        and send_response(b"ok", ()).endswith(b"2\r\nok\r\n0\r\n\r\n")
    )


TRAILERS = Mend("chunked-trailers", _fits, _put, _holds)
