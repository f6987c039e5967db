"""HTTP/2 clients in front of an HTTP/1.1 service: trailers cross over."""

from __future__ import annotations

import ssl
from typing import Any

import h2.config
import h2.connection
import h2.events

from proxied import ProxyProcess, RawUpstream
from replay.record.proxy.plan import plan_proxy

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\n\r\n"


def test_trailers_reach_an_http2_client_in_lower_case() -> None:
    """Upper case would be malformed there (RFC 9113 8.2.1); an interim response before it is skipped as well."""
    upstream = RawUpstream(INTERIM + HEAD + b"2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n")
    proxy = ProxyProcess(plan_proxy(upstream.url, (), "127.0.0.1:0", (), ()).to_wire())
    try:
        seen = ask_http2(proxy)
    finally:
        proxy.kill()
        upstream.close()
    statuses = [value for event in seen if type(event) is h2.events.ResponseReceived for value in event.headers[:1]]
    trailers = [event.headers for event in seen if type(event) is h2.events.TrailersReceived]
    assert statuses == [(b":status", b"200")]
    assert trailers == [[(b"x-sum", b"7")]]
    assert b"".join(event.data for event in seen if type(event) is h2.events.DataReceived) == b"ok"


def ask_http2(proxy: ProxyProcess) -> list[Any]:
    """The events of one GET, up to its end."""
    trust_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust_nobody.check_hostname, trust_nobody.verify_mode = False, ssl.CERT_NONE
    trust_nobody.set_alpn_protocols(["h2"])
    talk = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=False))
    seen: list[Any] = []
    with trust_nobody.wrap_socket(proxy.connect(), server_hostname="a.example") as connection:
        talk.initiate_connection()
        head = [(b":method", b"GET"), (b":path", b"/"), (b":scheme", b"https"), (b":authority", b"a.example")]
        talk.send_headers(1, head, end_stream=True)
        while not any(isinstance(event, h2.events.StreamEnded | h2.events.StreamReset) for event in seen):
            connection.sendall(talk.data_to_send())
            data = connection.recv(65536)
            assert data, "closed before the end of the stream"
            seen += talk.receive_data(data)
    return seen
