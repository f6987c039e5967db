"""The embedded proxy passes on what plain mitmproxy breaks: interim responses, trailers, a dead upstream, Host."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from proxied import ProxyProcess, RawUpstream, read_message
from replay.record.proxy.plan import plan_proxy

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
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


@pytest.mark.parametrize(
    "interim",
    [
        pytest.param(EARLY, id="one 103"),
        pytest.param(EARLY + b"HTTP/1.1 102 Processing\r\n\r\n" + EARLY, id="three of them"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n", id="a 100 that nobody asked for"),
    ],
)
def test_the_final_response_arrives_after_interim_ones(front: Front, interim: bytes) -> None:
    """The client and the addon see 200, and the connection serves the next request."""
    proxy, _ = front(interim + OK)
    with proxy.connect() as connection:
        for _ in range(2):
            connection.sendall(GET)
            assert read_message(connection) == OK
    proxy.finish()
    assert [event["status"] for event in proxy.events("response")] == [200, 200]


def test_interim_heads_may_come_in_pieces(front: Front) -> None:
    """A 103 that is cut in the middle of its head is skipped once it is whole."""
    proxy, upstream = front(b"")
    upstream._serve = lambda connection: _serve_in_pieces(connection)  # type: ignore[method-assign]
    assert proxy.ask(GET) == OK


def _serve_in_pieces(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        connection.recv(65536)
        for position in range(0, len(EARLY + OK), 7):
            connection.sendall((EARLY + OK)[position : position + 7])


def test_interim_responses_to_head_are_skipped(front: Front) -> None:
    """HEAD has no body: the head of the final response is all that comes."""
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
    proxy, _ = front(EARLY + final)
    with proxy.connect() as connection:
        connection.sendall(GET.replace(b"GET", b"HEAD"))
        assert connection.recv(65536) == final
    proxy.finish()
    assert [event["status"] for event in proxy.events("response")] == [200]


def test_switching_protocols_is_no_interim_response(front: Front) -> None:
    """101 is the answer to an upgrade, and raw bytes pass after it in both directions."""
    switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"
    proxy, upstream = front(b"")
    upstream._serve = lambda connection: _serve_echo(connection, switch)  # type: ignore[method-assign]
    with proxy.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        assert connection.recv(65536) == switch
        connection.sendall(b"hello")
        assert connection.recv(65536) == b"hello"


def _serve_echo(connection: socket.socket, switch: bytes) -> None:
    with connection:
        connection.recv(65536)
        connection.sendall(switch)
        while data := connection.recv(65536):
            connection.sendall(data)


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


def test_hardening_holds_without_assertions() -> None:
    """Workers run with -O: nothing may hang on an assert statement."""
    upstream = RawUpstream(EARLY + OK)
    proxy = ProxyProcess(plan_proxy(upstream.url, (), "127.0.0.1:0", (), ()).to_wire(), "-O")
    try:
        assert proxy.ask(GET) == OK
        assert proxy.finish() == 0
    finally:
        upstream.close()
    assert proxy.events("say") == []
