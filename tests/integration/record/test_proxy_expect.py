"""`Expect: 100-continue` is between client and upstream, and an answer may come before the body does."""

from __future__ import annotations

import socket

import pytest

from proxied import SECONDS, ProxyProcess, ScriptedUpstream, proxy_before, read_exactly, read_message, read_to_end

CONTINUE = b"HTTP/1.1 100 Continue\r\nX-Why: room\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HEAD = b"POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n"
CHUNKED_HEAD = HEAD.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked")
GET = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
LENGTH_417 = b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno"
CHUNKED_417 = b"HTTP/1.1 417 Expectation Failed\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\nX-Sum: 1\r\n\r\n"
REFUSALS = [
    pytest.param(LENGTH_417, id="length"),
    pytest.param(CHUNKED_417, id="chunks and trailers"),
    pytest.param(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", id="nothing"),
]


def told(proxy: ProxyProcess) -> list[tuple[int, str | None, str]]:
    """Status, Expect and body of each exchange as addons saw them, after the end of the proxy."""
    proxy.finish()
    return [(event["status"], event["expect"], event["body"]) for event in proxy.events("response")]


@pytest.mark.parametrize("flags", [(), ("-O",)], ids=["asserting", "as workers run"])
def test_the_upstream_asks_for_the_body(flags: tuple[str, ...]) -> None:
    """Its own 100 reaches the client, twice on one connection; addons find the field and the whole body."""

    def script(connection: socket.socket) -> None:
        while head := read_exactly(connection, len(HEAD)):
            assert head == HEAD
            connection.sendall(CONTINUE)
            assert read_exactly(connection, 5) == b"hello"
            connection.sendall(OK)

    with proxy_before(ScriptedUpstream(script), *flags) as proxy:
        with proxy.connect() as client:
            for _ in range(2):
                client.sendall(HEAD)
                assert read_exactly(client, len(CONTINUE)) == CONTINUE
                client.sendall(b"hello")
                assert read_message(client) == OK
        assert told(proxy) == [(200, "100-Continue", "hello")] * 2


def test_a_chunked_body_may_be_asked_for() -> None:
    """Chunk by chunk, as the client writes them."""
    body = b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"

    def script(connection: socket.socket) -> None:
        assert read_exactly(connection, len(CHUNKED_HEAD)) == CHUNKED_HEAD
        connection.sendall(CONTINUE)
        assert read_exactly(connection, len(body)) == body
        connection.sendall(OK)
        read_to_end(connection)

    with proxy_before(ScriptedUpstream(script)) as proxy:
        with proxy.connect() as client:
            client.sendall(CHUNKED_HEAD)
            assert read_exactly(client, len(CONTINUE)) == CONTINUE
            client.sendall(body)
            assert read_message(client) == OK
        assert told(proxy) == [(200, "100-Continue", "hello")]


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("flags", [(), ("-O",)], ids=["asserting", "as workers run"])
def test_a_refusal_comes_before_any_body(refusal: bytes, flags: tuple[str, ...]) -> None:
    """Whole, though the client has sent no body; then it leaves, and the upstream learns that."""
    ends = []

    def script(connection: socket.socket) -> None:
        read_exactly(connection, len(HEAD))
        connection.sendall(refusal)
        ends.append(read_to_end(connection))

    upstream = ScriptedUpstream(script)
    with proxy_before(upstream, *flags) as proxy:
        with proxy.connect() as client:
            client.sendall(HEAD)
            assert read_exactly(client, len(refusal)) == refusal
        assert [status for status, _, _ in told(proxy)] == [int(refusal[9:12])]
    assert ends == [b""]


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("flags", [(), ("-O",)], ids=["asserting", "as workers run"])
def test_a_body_may_follow_a_refusal(refusal: bytes, flags: tuple[str, ...]) -> None:
    """RFC 9110 10.1.1: an upstream that keeps the connection reads on; then both serve the next request."""

    def script(connection: socket.socket) -> None:
        read_exactly(connection, len(HEAD))
        connection.sendall(refusal)
        assert read_exactly(connection, 5) == b"hello"
        assert read_message(connection) == GET
        connection.sendall(OK)
        read_to_end(connection)

    with proxy_before(ScriptedUpstream(script), *flags) as proxy:
        with proxy.connect() as client:
            client.sendall(HEAD)
            assert read_exactly(client, len(refusal)) == refusal
            client.sendall(b"hello" + GET)
            assert read_message(client) == OK
        assert [status for status, _, _ in told(proxy)] == [int(refusal[9:12]), 200]


@pytest.mark.parametrize(
    "refusal",
    [
        b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
        b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\nno",
        b"HTTP/1.0 413 Content Too Large\r\n\r\nno",
    ],
    ids=["length", "chunks", "up to the end", "up to the end, HTTP/1.0"],
)
@pytest.mark.parametrize("flags", [(), ("-O",)], ids=["asserting", "as workers run"])
def test_a_refusal_may_end_the_connection(refusal: bytes, flags: tuple[str, ...]) -> None:
    """The client reads the whole answer, and its end."""

    def script(connection: socket.socket) -> None:
        read_exactly(connection, len(HEAD))
        connection.sendall(refusal)

    with proxy_before(ScriptedUpstream(script), *flags) as proxy, proxy.connect() as client:
        client.sendall(HEAD)
        assert read_to_end(client) == refusal


@pytest.mark.parametrize("is_at_once", [True, False], ids=["at once", "tired of waiting"])
def test_a_body_needs_no_interim_response(is_at_once: bool) -> None:
    """Upstreams of old never say 100: the body passes all the same."""
    heads = []

    def script(connection: socket.socket) -> None:
        heads.append(read_exactly(connection, len(HEAD)))
        arrived.sendall(b"!")
        assert read_exactly(connection, 5) == b"hello"
        connection.sendall(OK)
        read_to_end(connection)

    waiting, arrived = socket.socketpair()
    waiting.settimeout(SECONDS)
    with waiting, arrived, proxy_before(ScriptedUpstream(script)) as proxy:
        with proxy.connect() as client:
            client.sendall(HEAD + b"hello" if is_at_once else HEAD)
            assert waiting.recv(1) == b"!"
            if not is_at_once:
                client.sendall(b"hello")
            assert read_message(client) == OK
        assert told(proxy) == [(200, "100-Continue", "hello")]
    assert heads == [HEAD]


def test_old_clients_expect_nothing() -> None:
    """RFC 9110 10.1.1: the field means nothing in an HTTP/1.0 request; it is passed on, and no 100 comes back."""
    head = HEAD.replace(b"HTTP/1.1", b"HTTP/1.0")

    def script(connection: socket.socket) -> None:
        assert read_exactly(connection, len(head) + 5) == head + b"hello"
        connection.sendall(CONTINUE + OK)
        read_to_end(connection)

    with proxy_before(ScriptedUpstream(script)) as proxy, proxy.connect() as client:
        client.sendall(head + b"hello")
        assert read_to_end(client) == OK


def test_an_expectation_without_a_body_is_passed_on() -> None:
    """A client must not do that; the field is still the upstream's to read."""
    head = HEAD.replace(b"Content-Length: 5", b"Content-Length: 0")

    def script(connection: socket.socket) -> None:
        assert read_exactly(connection, len(head)) == head
        connection.sendall(OK)
        read_to_end(connection)

    with proxy_before(ScriptedUpstream(script)) as proxy, proxy.connect() as client:
        client.sendall(head)
        assert read_message(client) == OK


def test_a_dead_upstream_is_a_502_at_once(free_port: int) -> None:
    """And not a 100 with a 502 after the body."""

    class Dead(ScriptedUpstream):
        url = ""

    upstream = Dead(lambda _: None)
    upstream.url = f"http://127.0.0.1:{free_port}"
    with proxy_before(upstream) as proxy, proxy.connect() as client:
        client.sendall(HEAD)
        assert read_to_end(client).startswith(b"HTTP/1.1 502 ")


def test_an_upstream_that_loses_count_ends_the_connection() -> None:
    """It says more after a refusal, while the body is still to come: nobody can tell what that answers."""

    def script(connection: socket.socket) -> None:
        read_exactly(connection, len(HEAD))
        connection.sendall(LENGTH_417)
        assert read_exactly(connection, 1) == b"h"
        connection.sendall(OK)
        read_to_end(connection)

    with proxy_before(ScriptedUpstream(script)) as proxy, proxy.connect() as client:
        client.sendall(HEAD)
        assert read_exactly(client, len(LENGTH_417)) == LENGTH_417
        client.sendall(b"h")
        assert read_to_end(client) == b""
