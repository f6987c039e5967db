"""Interim responses reach the client as the upstream writes them, byte for byte and in their place."""

from __future__ import annotations

import socket
import threading

import pytest

from proxied import (
    SECONDS,
    ProxyProcess,
    RawUpstream,
    ScriptedUpstream,
    proxy_before,
    read_exactly,
    read_message,
    read_to_end,
)

EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>;  rel=preload\r\nlink:</b>\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET /path HTTP/1.1\r\nHost: a\r\n\r\n"


def statuses(proxy: ProxyProcess) -> list[int]:
    """What addons saw as responses, after the end of the proxy."""
    proxy.finish()
    return [event["status"] for event in proxy.events("response")]


def test_hints_arrive_before_the_answer_is_written() -> None:
    """The upstream writes its answer only when the client says that it has read the hints."""
    has_hints = threading.Event()

    def script(connection: socket.socket) -> None:
        read_message(connection)
        connection.sendall(EARLY)
        assert has_hints.wait(SECONDS)
        connection.sendall(OK)
        read_to_end(connection)

    with proxy_before(ScriptedUpstream(script)) as proxy:
        with proxy.connect() as client:
            client.sendall(GET)
            assert read_exactly(client, len(EARLY)) == EARLY
            has_hints.set()
            assert read_message(client) == OK
        assert statuses(proxy) == [200]


@pytest.mark.parametrize(
    "interim",
    [
        pytest.param(EARLY, id="103"),
        pytest.param(PROCESSING * 2, id="102 twice"),
        pytest.param(EARLY + PROCESSING + EARLY, id="three of them"),
        pytest.param(CONTINUE, id="a 100 that nobody asked for"),
        pytest.param(b"HTTP/1.1 199\nX-A: 1\n\n", id="lines that end with LF"),
    ],
)
@pytest.mark.parametrize("flags", [(), ("-O",)], ids=["asserting", "as workers run"])
def test_interim_responses_pass_byte_for_byte(interim: bytes, flags: tuple[str, ...]) -> None:
    """On a connection that serves three requests; addons see the final response only."""
    with proxy_before(RawUpstream(interim + OK), *flags) as proxy:
        with proxy.connect() as client:
            for _ in range(3):
                client.sendall(GET)
                assert read_exactly(client, len(interim + OK)) == interim + OK
        assert statuses(proxy) == [200] * 3


@pytest.mark.parametrize("method", [b"POST", b"HEAD"])
def test_every_method_gets_its_hints(method: bytes) -> None:
    """HEAD has no body: the head of the final response ends it."""
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" if method == b"HEAD" else OK
    with proxy_before(RawUpstream(EARLY + final)) as proxy, proxy.connect() as client:
        client.sendall(GET.replace(b"GET", method))
        assert read_exactly(client, len(EARLY + final)) == EARLY + final


def test_interim_heads_may_come_in_pieces() -> None:
    """A 103 that is cut in the middle of its head is passed on once it is whole, as it was."""

    def script(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        read_message(connection)
        for position in range(0, len(EARLY + OK), 7):
            connection.sendall((EARLY + OK)[position : position + 7])

    with proxy_before(ScriptedUpstream(script)) as proxy, proxy.connect() as client:
        client.sendall(GET)
        assert read_exactly(client, len(EARLY + OK)) == EARLY + OK


def test_old_clients_get_no_interim_response() -> None:
    """RFC 9110 15.2: HTTP/1.0 does not know them."""
    with proxy_before(RawUpstream(EARLY + PROCESSING + OK)) as proxy, proxy.connect() as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert read_to_end(client) == OK


def test_hints_to_a_pipelined_request_come_in_its_place() -> None:
    """Three requests in one piece, hints to the second: after the first answer, before the second."""

    def answer(request: bytes) -> bytes:
        number = request[len(b"GET /")]
        final = OK.replace(b"ok", b"%c!" % number)
        return EARLY + final if number == ord("2") else final

    first, second, third = (OK.replace(b"ok", b"%d!" % number) for number in (1, 2, 3))
    with proxy_before(RawUpstream(answer)) as proxy:
        with proxy.connect() as client:
            client.sendall(b"".join(GET.replace(b"path", b"%d" % number) for number in (1, 2, 3)))
            whole = first + EARLY + second + third
            assert read_exactly(client, len(whole)) == whole
        assert statuses(proxy) == [200] * 3


def test_a_socket_may_be_upgraded_after_hints() -> None:
    """101 is the answer to an upgrade, and raw bytes pass after it in both directions."""
    switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"

    def script(connection: socket.socket) -> None:
        read_message(connection)
        connection.sendall(EARLY + switch)
        while data := connection.recv(65536):
            connection.sendall(data)

    with proxy_before(ScriptedUpstream(script)) as proxy, proxy.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        assert read_exactly(client, len(EARLY + switch)) == EARLY + switch
        client.sendall(b"hello")
        assert client.recv(65536) == b"hello"


def test_an_upstream_that_ends_after_hints_is_a_502() -> None:
    """The client has read the hints, and learns that no answer will follow them."""

    def script(connection: socket.socket) -> None:
        read_message(connection)
        connection.sendall(EARLY)

    with proxy_before(ScriptedUpstream(script)) as proxy, proxy.connect() as client:
        client.sendall(GET)
        seen = read_to_end(client)
        assert seen.startswith(EARLY + b"HTTP/1.1 502 ")
