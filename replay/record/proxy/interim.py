"""Interim responses (1xx) of the upstream are skipped, so that the final one reaches the client and the capture.

RFC 9110 15.2: any number of 1xx responses may come before the final one. mitmproxy has room for one response in a flow
and takes the first (its issue 2229): after `103 Early Hints` the client waits for ever. Its HTTP/2 side drops interim
responses; this does the same for HTTP/1. The client's own `Expect: 100-continue` is answered by mitmproxy.

    upstream: 103 | 102 | 200  ->  client, flow and capture: 200

101 is final for us: it switches protocols. Complete interim heads are taken off the front of the receive buffer before
mitmproxy parses what follows; half a head waits for its rest, as any head does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from replay.record.proxy.mend import Mend, Undo, replace

if TYPE_CHECKING:
    from collections.abc import Callable

_INTERIM = re.compile(rb"HTTP/1\.[0-9] 1(?!01)[0-9][0-9](?=[ \r\n])")


def _fits() -> bool:
    from h11._receivebuffer import ReceiveBuffer
    from mitmproxy.proxy.layers.http import _http1

    return "read_headers" in vars(_http1.Http1Client) and hasattr(ReceiveBuffer, "maybe_extract_lines")


def _put() -> Undo:
    from mitmproxy.proxy.layers.http import _http1

    return replace(_http1.Http1Client, "read_headers", _skipping(_http1.Http1Client.read_headers))


def _skipping(stock: Callable[..., Any]) -> Callable[..., Any]:
    from mitmproxy.proxy.events import DataReceived

    def read_headers(self: Any, event: Any) -> Any:
        if self.request is not None and isinstance(event, DataReceived):
            while _INTERIM.match(bytes(self.buf)) and self.buf.maybe_extract_lines() is not None:
                pass
        return stock(self, event)

    return read_headers


def _holds() -> bool:
    from replay.record.proxy.rehearsal import receive_response

    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    seen = receive_response(early + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    plain = receive_response(b"HTTP/1.1 204 No Content\r\n\r\n")
    return (seen.statuses, seen.body, seen.is_finished) == ([200], b"ok", True) and plain.statuses == [204]


INTERIM = Mend("interim-responses", _fits, _put, _holds)
