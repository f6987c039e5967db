"""The embedded proxy passes on what plain mitmproxy breaks: trailers, a dead upstream, Host."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from proxied import ProxyProcess, RawUpstream, read_message
from replay.record.proxy.plan import plan_proxy

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET /path HTTP/1.1\r\nHost: shop.example\r\n\r\n"

Front = Callable[[bytes | Callable[[bytes], bytes]], tuple[ProxyProcess, RawUpstream]]


@pytest.fixture
def front() -> Iterator[Front]:
    """Starts an upstream with this answer and a proxy before it."""
    proxies, upstreams = [], []

    def start(answer: bytes | Callable[[bytes], bytes]) -> tuple[ProxyProcess, RawUpstream]:
        upstreams.append(RawUpstream(answer))
        proxies.append(ProxyProcess(plan_proxy(upstreams[-1].url, (), "127.0.0.1:0", (), ()).to_wire()))
        return proxies[-1], upstreams[-1]

    yield start
    for proxy in proxies:
        proxy.kill()
    for upstream in upstreams:
        upstream.close()


def test_chunked_trailers_pass_in_both_directions(front: Front) -> None:
    """Byte for byte, twice on one connection, and the addon sees them."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
    answer = head + b"2\r\nok\r\n0\r\nX-Sum: 7\r\nx-b: c\r\n\r\n"
    request = b"POST /in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Up: 1\r\n\r\n"
    proxy, upstream = front(answer)
    with proxy.connect() as connection:
        for _ in range(2):
            connection.sendall(request)
            assert read_message(connection) == answer
    assert upstream.requests == [request, request]
    proxy.finish()
    seen = [(event["request_trailers"], event["response_trailers"]) for event in proxy.events("response")]
    assert seen == [([["X-Up", "1"]], [["X-Sum", "7"], ["x-b", "c"]])] * 2


def test_chunked_messages_without_trailers_stay_as_they_are(front: Front) -> None:
    """The common case is not touched: one chunk, the last chunk, nothing else."""
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    proxy, _ = front(answer)
    assert proxy.ask(GET) == answer
    proxy.finish()
    assert [event["response_trailers"] for event in proxy.events("response")] == [None]


def test_a_dead_upstream_is_a_502(free_port: int) -> None:
    """With mitmproxy's default strategy the client would get a bare end of file."""
    proxy = ProxyProcess(plan_proxy(f"http://127.0.0.1:{free_port}", (), "127.0.0.1:0", (), ()).to_wire())
    try:
        assert proxy.ask(GET).startswith(b"HTTP/1.1 502 ")
    finally:
        proxy.finish()
    assert [event["path"] for event in proxy.events("error")] == ["/path"]


@pytest.mark.parametrize("host", [b"shop.example", b"mitm.it"])
def test_host_reaches_the_service_as_it_was_sent(front: Front, host: bytes) -> None:
    """Also the name under which plain mitmproxy serves its own page."""
    proxy, upstream = front(OK)
    request = GET.replace(b"shop.example", host)
    assert proxy.ask(request) == OK
    assert upstream.requests == [request]
