"""Connection options count in any case, whoever writes them."""

from __future__ import annotations

import pytest

from proxied import RawUpstream, proxy_before, read_message, read_to_end

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET /path HTTP/1.1\r\nHost: a\r\n\r\n"
CLOSES = [b"Connection: close", b"Connection: Close", b"CONNECTION: CLOSE", b"connection: Keep-Alive, Close"]
KEEPS = [b"Connection: keep-alive", b"Connection: Keep-Alive", b"connection: x,\tKEEP-ALIVE"]


def with_field(message: bytes, field: bytes) -> bytes:
    """The field after the first line."""
    return message.replace(b"\r\n", b"\r\n" + field + b"\r\n", 1)


@pytest.mark.parametrize("field", CLOSES)
def test_the_upstream_ends_the_connection(field: bytes) -> None:
    """Its answer is the last; a client that reads to the end of the connection gets there."""
    answer = with_field(OK, field)
    with proxy_before(RawUpstream(answer)) as proxy, proxy.connect() as client:
        client.sendall(GET)
        assert read_to_end(client) == answer


@pytest.mark.parametrize("field", CLOSES)
def test_the_client_ends_the_connection(field: bytes) -> None:
    """It asked for that, and the upstream has seen the field as it was written."""
    upstream, request = RawUpstream(OK), with_field(GET, field)
    with proxy_before(upstream) as proxy, proxy.connect() as client:
        client.sendall(request)
        assert read_to_end(client) == OK
    assert upstream.requests == [request]


@pytest.mark.parametrize("field", KEEPS)
def test_an_old_client_keeps_the_connection(field: bytes) -> None:
    """ApacheBench writes `Keep-Alive`: three requests pass on one connection to the client, and one to the upstream."""
    request = with_field(GET.replace(b"HTTP/1.1", b"HTTP/1.0"), field)
    answer = with_field(OK.replace(b"HTTP/1.1", b"HTTP/1.0"), field)
    upstream = RawUpstream(answer)
    with proxy_before(upstream) as proxy, proxy.connect() as client:
        for _ in range(3):
            client.sendall(request)
            assert read_message(client) == answer
    assert (upstream.requests, upstream.connections) == ([request] * 3, 1)


@pytest.mark.parametrize("field", [b"Connection: x-close", b"X-Connection: close", b"Connection: close-not"])
def test_other_words_end_nothing(field: bytes) -> None:
    """Only the whole option counts, in the field of that name."""
    answer = with_field(OK, field)
    with proxy_before(RawUpstream(answer)) as proxy, proxy.connect() as client:
        for _ in range(2):
            client.sendall(with_field(GET, field))
            assert read_message(client) == answer
