"""An answer that is whole before its request is (401, 413, 417) ends at once for the client too.

mitmproxy writes the end of an answer when both sides are done. For an answer of known length nobody sees a difference;
of a chunked one the last chunk is held back, one that ends with the connection never ends, an HTTP/2 stream stays open:
a client that waits for a verdict before it sends its body waits for ever.

    client:   head ──────────────────────────────── body, or the end of the connection
    upstream:        401 chunks, last chunk
    stock:                401 chunks                                     last chunk
    mended:               401 chunks, last chunk

What comes after is mitmproxy's: the rest of the request goes to the upstream while that reads on (RFC 9112 9.3), and
the connection serves the next request; or it ends when either side ends it. An upstream that says more after a whole
answer, while the request is not whole, has lost count of messages: both connections are closed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from replay.record.proxy.mend import Mend, Undo, replace, undo_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _fits() -> bool:
    from mitmproxy.proxy.layers.http import HttpStream, _http1

    needed = ("send_response", "flow_done", "handle_protocol_error", "state_stream_request_body", "state_done")
    return all(name in vars(HttpStream) for name in needed) and "mark_done" in vars(_http1.Http1Connection)


def _put() -> Undo:
    from mitmproxy.proxy.layers.http import HttpStream, _http1

    return undo_all(
        (
            replace(HttpStream, "send_response", _ending(HttpStream.send_response)),
            replace(HttpStream, "flow_done", _ending_once(HttpStream.flow_done)),
            replace(HttpStream, "handle_protocol_error", _leaving(HttpStream.handle_protocol_error)),
            replace(_http1.Http1Client, "mark_done", _expecting_no_more(_http1.Http1Client.mark_done)),
        )
    )


def _ending(stock: Callable[..., Any]) -> Callable[..., Any]:
    def send_response(self: Any, already_streamed: bool = False) -> Iterator[Any]:
        yield from stock(self, already_streamed)
        is_early = self.client_state == self.state_stream_request_body and self.server_state == self.state_done
        if is_early and self.flow.response.status_code >= 200:
            self.has_ended_early = True
            yield from _end(self)

    return send_response


def _end(stream: Any) -> Iterator[Any]:
    from mitmproxy.net.http.http1 import expected_http_body_size
    from mitmproxy.proxy.commands import CloseTcpConnection
    from mitmproxy.proxy.layers.http import SendHttp
    from mitmproxy.proxy.layers.http._events import ResponseEndOfMessage

    client, request = stream.context.client, stream.flow.request
    yield SendHttp(ResponseEndOfMessage(stream.stream_id), client)
    try:
        ends_with_connection = expected_http_body_size(request, stream.flow.response) == -1
    except ValueError:
        ends_with_connection = False
    if ends_with_connection and not (request.is_http2 or request.is_http3):
        yield CloseTcpConnection(client, half_close=True)  # a full close might cost the client what it has not read yet


def _ending_once(stock: Callable[..., Any]) -> Callable[..., Any]:
    from mitmproxy.proxy.layers.http import SendHttp
    from mitmproxy.proxy.layers.http._events import ResponseEndOfMessage

    def flow_done(self: Any) -> Any:
        return without_end(self) if "has_ended_early" in vars(self) else stock(self)

    def without_end(self: Any) -> Iterator[Any]:
        for command in stock(self):
            if not (type(command) is SendHttp and type(command.event) is ResponseEndOfMessage):
                yield command

    return flow_done


def _leaving(stock: Callable[..., Any]) -> Callable[..., Any]:
    """A client that takes its answer and leaves the body unsent: the upstream would wait for the rest of it."""
    from mitmproxy.proxy.layers.http import SendHttp
    from mitmproxy.proxy.layers.http._events import RequestProtocolError

    def handle_protocol_error(self: Any, event: Any) -> Iterator[Any]:
        has_left = type(event) is RequestProtocolError and self.client_state == self.state_stream_request_body
        if has_left and "has_ended_early" in vars(self):
            yield SendHttp(event, self.context.server)
        yield from stock(self, event)

    return handle_protocol_error


def _expecting_no_more(stock: Callable[..., Any]) -> Callable[..., Any]:
    def mark_done(self: Any, *, request: bool = False, response: bool = False) -> Any:
        if response and not self.request_done:
            return early(self)
        return stock(self, request=request, response=response)

    def early(self: Any) -> Iterator[Any]:
        yield from stock(self, response=True)
        self.state = partial(_after_answer, self)

    return mark_done


def _after_answer(connection: Any, _event: Any) -> Iterator[Any]:
    """Whatever the upstream does now, closing or saying more, is the end of its connection."""
    from h11._readers import Http10Reader
    from mitmproxy.proxy.events import ConnectionClosed

    connection.state = connection.done
    if not isinstance(connection.body_reader, Http10Reader):  # that one has ended with the connection
        yield from connection.read_body(ConnectionClosed(connection.conn))


def _holds() -> bool:
    chunked = b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"
    return _ends(chunked, b"", is_closed=False) and _ends(b"HTTP/1.1 401 No\r\n\r\n", b"no", is_closed=True)


def _ends(answer: bytes, rest: bytes, *, is_closed: bool) -> bool:
    """An early answer, then either the rest of the request and a next one, or the upstream's end."""
    from replay.record.proxy.talk import Talk

    talk = Talk(streams=True)
    talk.client_says(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nx")
    talk.upstream_says(answer + rest)
    if is_closed:
        talk.upstream_closes()
        return talk.client_got() == answer + rest and talk.is_client_closed
    is_whole = talk.client_got() == answer
    talk.client_says(b"yGET / HTTP/1.1\r\n\r\n")
    talk.upstream_says(b"HTTP/1.1 204 No Content\r\n\r\n")
    return is_whole and talk.client_got() == b"HTTP/1.1 204 No Content\r\n\r\n" and not talk.is_client_closed


EARLY_ANSWERS = Mend("early-answers", _fits, _put, _holds)
