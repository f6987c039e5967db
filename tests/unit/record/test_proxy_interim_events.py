"""Interim responses of an HTTP/2 upstream become events with an HTTP/1 head, and their order is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import h2.config
import h2.connection
import pytest
from mitmproxy.http import Request
from mitmproxy.proxy import events
from mitmproxy.proxy.layers.http import _http2
from mitmproxy.proxy.layers.http._events import RequestEndOfMessage, RequestHeaders

from replay.record.proxy.interim import INTERIM
from replay.record.proxy.rehearsal import fresh_context


@pytest.fixture(autouse=True)
def _mended() -> Iterator[None]:
    undo = INTERIM.put()
    yield
    undo()


class Upstream:
    """mitmproxy's HTTP/2 side with a request sent, and a server that answers it."""

    def __init__(self) -> None:
        context = fresh_context()
        context.options.add_option("http2_ping_keepalive", int, 0, "")
        context.options.add_option("validate_inbound_headers", bool, True, "")
        context.options.add_option("normalize_outbound_headers", bool, True, "")
        self._connection = _http2.Http2Client(context)
        self._context = context
        self._server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._server.initiate_connection()
        self._tell(events.Start())
        self._tell(RequestHeaders(1, Request.make("GET", "http://a/", b"", {"Host": "a"}), end_stream=True))
        self._tell(RequestEndOfMessage(1))

    def _tell(self, event: Any) -> list[Any]:
        commands = list(self._connection.handle_event(event))
        self._server.receive_data(b"".join(getattr(command, "data", b"") for command in commands))
        return [command.event for command in commands if hasattr(command, "event")]

    def says(self, *headers: tuple[str, str], ends: bool = False) -> list[Any]:
        self._server.send_headers(1, headers, end_stream=ends)
        return self._tell(events.DataReceived(self._context.server, self._server.data_to_send()))


def test_an_http2_upstream_may_send_hints() -> None:
    """Twice, then the answer, all for the stream that asked."""
    upstream = Upstream()
    (first,) = upstream.says((":status", "103"), ("link", "</a>"), ("link", "</b>"))
    (second,) = upstream.says((":status", "102"))
    final = upstream.says((":status", "204"), ends=True)
    assert (first.stream_id, first.raw) == (1, b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nlink: </b>\r\n\r\n")
    assert second.raw == b"HTTP/1.1 102 Processing\r\n\r\n"
    assert [type(event).__name__ for event in final] == ["ResponseHeaders", "ResponseEndOfMessage"]


def test_a_status_without_a_name_is_passed_on() -> None:
    """Any 1xx is an interim response, known or not."""
    (event,) = Upstream().says((":status", "199"), ("x-a", "1"))
    assert event.raw == b"HTTP/1.1 199 \r\nx-a: 1\r\n\r\n"
