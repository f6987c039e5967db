"""HTTP/2 clients in front of an HTTP/1.1 service: trailers, interim responses and early answers cross over."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest

from proxied import ProxyProcess, RawUpstream, ScriptedUpstream, proxy_before, read_exactly, read_to_end

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: x\r\n\r\n"
GET = ((b":method", b"GET"), (b":path", b"/"), (b":scheme", b"https"), (b":authority", b"a.example"))
POST = ((b":method", b"POST"), *GET[1:], (b"expect", b"100-continue"), (b"content-length", b"5"))


def test_trailers_reach_an_http2_client_in_lower_case() -> None:
    """Upper case would be malformed there (RFC 9113 8.2.1)."""
    with proxy_before(RawUpstream(HEAD + b"2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n")) as proxy:
        seen = ask_http2(proxy, GET)
    trailers = [event.headers for event in seen if type(event) is h2.events.TrailersReceived]
    assert (statuses(seen), trailers, body(seen)) == ([b"200"], [[(b"x-sum", b"7")]], b"ok")


def test_hints_reach_an_http2_client() -> None:
    """As informational headers without connection options (RFC 9113 8.2.2); one that says nonsense is left out."""
    nonsense = b"HTTP/1.1 102 Processing\r\nno field\r\n\r\n"
    with proxy_before(RawUpstream(nonsense + INTERIM + HEAD + b"2\r\nok\r\n0\r\n\r\n")) as proxy:
        seen = ask_http2(proxy, GET)
    hints = [event.headers for event in seen if type(event) is h2.events.InformationalResponseReceived]
    assert hints == [[(b":status", b"103"), (b"link", b"</a.css>")]]
    assert (statuses(seen), body(seen)) == ([b"103", b"200"], b"ok")


def test_an_http2_client_may_be_asked_for_its_body() -> None:
    """The upstream's own 100 lets it send."""

    def script(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert read_exactly(connection, 5) == b"hello"
        connection.sendall(HEAD + b"2\r\nok\r\n0\r\n\r\n")
        read_to_end(connection)

    with proxy_before(ScriptedUpstream(script)) as proxy:
        seen = ask_http2(proxy, POST, b"hello")
    assert (statuses(seen), body(seen)) == ([b"100", b"200"], b"ok")


@pytest.mark.parametrize("end", [b"", b"Connection: close\r\n"])
def test_an_http2_client_may_be_refused(end: bytes) -> None:
    """The stream ends with the refusal, before any body; when the client leaves, the upstream's connection ends."""
    rests = []

    def script(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 417 No\r\nContent-Length: 2\r\n" + end + b"\r\nno")
        if not end:
            rests.append(read_to_end(connection))

    with proxy_before(ScriptedUpstream(script)) as proxy:
        seen = ask_http2(proxy, POST, b"hello")
    assert (statuses(seen), body(seen)) == ([b"417"], b"no")
    assert any(isinstance(event, h2.events.StreamEnded) for event in seen)
    assert rests == ([] if end else [b""])


def read_head(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        data += read_exactly(connection, 1)
    return data


def statuses(seen: list[Any]) -> list[bytes]:
    kinds = (h2.events.InformationalResponseReceived, h2.events.ResponseReceived)
    return [dict(event.headers)[b":status"] for event in seen if type(event) in kinds]


def body(seen: list[Any]) -> bytes:
    return b"".join(event.data for event in seen if type(event) is h2.events.DataReceived)


def ask_http2(proxy: ProxyProcess, head: tuple[tuple[bytes, bytes], ...], content: bytes = b"") -> list[Any]:
    """The events of one request, up to the end of its answer; content is sent when a 100 has come."""
    trust_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust_nobody.check_hostname, trust_nobody.verify_mode = False, ssl.CERT_NONE
    trust_nobody.set_alpn_protocols(["h2"])
    talk = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=False))
    seen: list[Any] = []
    with trust_nobody.wrap_socket(proxy.connect(), server_hostname="a.example") as connection:
        talk.initiate_connection()
        talk.send_headers(1, list(head), end_stream=not content)
        while not any(isinstance(event, h2.events.StreamEnded | h2.events.StreamReset) for event in seen):
            connection.sendall(talk.data_to_send())
            data = connection.recv(65536)
            assert data, "closed before the end of the stream"
            seen += talk.receive_data(data)
            if content and statuses(seen) == [b"100"]:
                talk.send_data(1, content, end_stream=True)
                content = b""
        if content:
            talk.reset_stream(1, 8)  # CANCEL: the body is not wanted
            connection.sendall(talk.data_to_send())
    return seen
