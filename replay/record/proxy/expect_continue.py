"""`Expect: 100-continue` goes through: the upstream, not mitmproxy, says whether it wants the body.

RFC 9110 10.1.1. Stock mitmproxy answers 100 by itself, removes the field, and takes the whole body before the upstream
hears of the request: a 401, 413 or 417 comes too late, and the service never sees what the client asked.

    client: head, Expect ─▶ upstream            the request streams: its head does not wait for its body
    client ◀─ 100 ─ upstream                    passed on as every interim response (`interim`)
    client ◀─ 417 ─ upstream                    an answer before its request is whole (`early_answers`)
    client: body ─▶ upstream                    after a 100, at once, or when it is tired of waiting: as it comes

The body is kept as it streams, so that addons find it in `request`, as they do with a buffered one; who streams already
(the recorder, for long bodies) keeps on. When an answer came first, bytes that follow belong to the body (RFC 9110
10.1.1): a server that keeps to the standard takes a request that a client sends there instead for the body, too.

Rule: needs the mends of `interim` and `early_answers`: without them its rehearsal fails, and mitmproxy stays stock.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from replay.record.proxy.mend import Mend, Undo, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_WAITING = "state_wait_for_request_headers"


class Keeping:
    """A `stream` callback of mitmproxy that leaves the whole body in the message, as if it had been buffered."""

    __slots__ = ("_message", "_pieces")

    def __init__(self, message: Any) -> None:
        self._message = message
        self._pieces: list[bytes] = []

    def __call__(self, data: bytes) -> bytes | tuple[()]:
        if data:
            self._pieces.append(data)
            return data
        self._message.data.content = b"".join(self._pieces)
        return ()


def _fits() -> bool:
    from mitmproxy.proxy.layers.http import HttpStream

    return _WAITING in vars(HttpStream) and hasattr(HttpStream, "start_request_stream")


def _put() -> Undo:
    from mitmproxy.proxy.layers.http import HttpStream

    return replace(HttpStream, _WAITING, _leaving_it_to_the_upstream(getattr(HttpStream, _WAITING)))


def _leaving_it_to_the_upstream(stock: Callable[..., Any]) -> Callable[..., Any]:
    from mitmproxy.proxy.layers.http import SendHttp
    from mitmproxy.proxy.layers.http._events import RequestHeaders, ResponseHeaders

    @wraps(stock)
    def state_wait_for_request_headers(self: Any, event: Any) -> Any:
        is_expecting = type(event) is RequestHeaders and _has_expect(event.request.data.headers.fields)
        return passing(self, event) if is_expecting else stock(self, event)

    def passing(self: Any, event: Any) -> Generator[Any, Any, None]:
        """Stock's commands without its own 100; the field that it removes then is put back."""
        headers, steps = event.request.data.headers, stock(self, event)
        held, reply = None, None
        while True:
            try:
                command = steps.send(reply)
            except StopIteration:
                command = None
            if held is not None:
                headers.fields, held = held, None
            if command is None:
                return
            if is_own_answer(command) and not self.flow.response:  # an addon's answer needs the whole body first
                held, reply = headers.fields, None
                if not event.end_stream and not event.request.stream:
                    event.request.stream = Keeping(event.request)
            else:
                reply = yield command

    def is_own_answer(command: Any) -> bool:
        told = command.event if type(command) is SendHttp else None
        return type(told) is ResponseHeaders and told.response.status_code == 100

    return state_wait_for_request_headers


def _has_expect(fields: tuple[tuple[bytes, bytes], ...]) -> bool:
    return any(len(name) == 6 and name.lower() == b"expect" for name, _ in fields)


def _holds() -> bool:
    from replay.record.proxy.talk import Talk

    head = b"POST / HTTP/1.1\r\nEXPECT: 100-continue\r\nContent-Length: 2\r\n\r\n"
    go_on, fine = b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n"
    refused = b"HTTP/1.1 417 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    talk = Talk()
    for interim in (go_on, b""):
        talk.client_says(head)
        is_passed = (talk.upstream_got(), talk.client_got()) == (head, b"")
        talk.upstream_says(interim)
        is_asked = talk.client_got() == interim
        talk.client_says(b"ok")
        talk.upstream_says(fine)
        if not (is_passed and is_asked and (talk.upstream_got(), talk.client_got()) == (b"ok", fine)):
            return False
    talk.client_says(head)
    talk.upstream_says(refused)
    return talk.client_got() == refused and talk.upstream_got() == head


EXPECT_CONTINUE = Mend("expect-continue", _fits, _put, _holds)
