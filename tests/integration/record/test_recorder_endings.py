"""However an exchange ends, it is recorded once, and the capture says truly what was seen of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from replay.model.exchange import Exchange, Fault, FaultKind
from replay.store.capture_reader import CaptureReader

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Talk = Callable[[Reader, Writer], Awaitable[bytes]]
LONG = 300_000
GET = b"GET /x HTTP/1.1\r\nHost: shop.example\r\n\r\n"
TYPED = b"Content-Type: text/plain\r\n"


def head(status: bytes, length: int) -> bytes:
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n" % (status, TYPED, length)


def upload(framing: bytes) -> bytes:
    return b"POST /x HTTP/1.1\r\nHost: shop.example\r\n" + TYPED + framing + b"\r\n\r\n"


async def served(start_proxy, way: str, upstream: Talk, client: Talk, *options: str) -> tuple[bytes, Exchange]:
    """What the client got, and the only exchange of the capture."""

    async def serve(reader: Reader, writer: Writer) -> None:
        try:
            await upstream(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proxy = await asyncio.to_thread(start_proxy, way, f"http://127.0.0.1:{port}", *options)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    got = await asyncio.wait_for(client(reader, writer), 15)
    writer.close()
    await asyncio.sleep(0.3)
    assert await proxy.stop_while_serving() == 0
    server.close()
    return got, only_exchange(proxy.capture)


def only_exchange(capture: Path) -> Exchange:
    with CaptureReader.open(capture) as reader:
        assert [loss for loss in reader.losses() if loss.kind == "dropped"] == []
        (exchange,) = [one for session in reader.sessions() for one in session.exchanges]
    return exchange


def answers(*pieces: bytes, pause: float = 0.0) -> Talk:
    """An upstream that reads a request's head, says this, and closes."""

    async def talk(reader: Reader, writer: Writer) -> bytes:
        asked = await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        return asked

    return talk


def asks(request: bytes) -> Talk:
    """A client that reads to the end."""

    async def talk(reader: Reader, writer: Writer) -> bytes:
        writer.write(request)
        return await reader.read()

    return talk


def leaves(request: bytes, after: int = 0) -> Talk:
    """A client that is gone once it has read so much."""

    async def talk(reader: Reader, writer: Writer) -> bytes:
        writer.write(request)
        await writer.drain()
        got = await reader.readexactly(after) if after else b""
        await asyncio.sleep(0.3)
        writer.transport.abort()
        return got

    return talk


async def silent(reader: Reader, writer: Writer) -> bytes:
    return await reader.read()


async def test_a_client_that_leaves_in_mid_download(start_proxy, way: str) -> None:
    """The status was seen and a part of the body: a response, cut."""
    upstream = answers(head(b"200 OK", LONG), b"word " * 20_000, pause=1.0)
    _, exchange = await served(start_proxy, way, upstream, leaves(GET, 1000))
    assert exchange.status == 200
    assert exchange.response.body.truncated
    assert exchange.response.body.size_bytes == LONG


@pytest.mark.parametrize("length", [1000, LONG])
async def test_a_client_that_leaves_in_mid_upload(start_proxy, way: str, length: int) -> None:
    """Buffered or streamed: nobody answered, and the request is cut at what it declared."""
    request = upload(b"Content-Length: %d" % length) + b"word " * 10
    _, exchange = await served(start_proxy, way, silent, leaves(request))
    assert exchange.outcome == Fault(FaultKind.CLIENT_GONE)
    assert exchange.request.body.truncated
    assert exchange.request.body.size_bytes == length


async def test_an_upstream_that_breaks_off_a_long_answer(start_proxy, way: str) -> None:
    """It streams: the client sees a cut answer, and so does the capture."""
    pieces = (head(b"200 OK", LONG), b"word " * 20_000)
    got, exchange = await served(start_proxy, way, answers(*pieces), asks(GET))
    assert got == b"".join(pieces)
    assert exchange.status == 200
    assert (exchange.response.body.truncated, exchange.response.body.size_bytes) == (True, LONG)


async def test_an_upstream_that_breaks_off_a_short_answer(start_proxy, way: str) -> None:
    """It was buffered: the client gets mitmproxy's 502, which is no answer of the service."""
    got, exchange = await served(start_proxy, way, answers(head(b"200 OK", 100), b"word "), asks(GET))
    assert got.startswith(b"HTTP/1.1 502 ")
    assert exchange.outcome == Fault(FaultKind.UPSTREAM_GONE)


async def test_an_upstream_that_says_nothing(start_proxy, way: str) -> None:
    got, exchange = await served(start_proxy, way, answers(), asks(GET))
    assert got.startswith(b"HTTP/1.1 502 ")
    assert exchange.outcome == Fault(FaultKind.UPSTREAM_GONE)


async def test_an_early_refusal_of_an_upload(start_proxy, way: str) -> None:
    """The answer comes before the upload ends: it reaches the client, and the request is marked as cut."""

    async def client(reader: Reader, writer: Writer) -> bytes:
        writer.write(upload(b"Transfer-Encoding: chunked") + b"5\r\nword \r\n")
        return await reader.readexactly(len(refusal))

    async def upstream(reader: Reader, writer: Writer) -> bytes:
        asked = await reader.readuntil(b"word \r\n")
        writer.write(refusal)
        await reader.read()
        return asked

    refusal = head(b"413 Content Too Large", 2) + b"no"
    got, exchange = await served(start_proxy, way, upstream, client)
    assert got == refusal
    assert exchange.status == 413
    assert exchange.request.body.truncated


async def test_a_chunked_upload_goes_on_while_it_comes(start_proxy, way: str) -> None:
    """The service sees the first chunk before the client sends the second; the chunks stay what they were."""
    seen = asyncio.Event()

    async def client(reader: Reader, writer: Writer) -> bytes:
        writer.write(upload(b"Transfer-Encoding: chunked") + b"5\r\nword \r\n")
        await asyncio.wait_for(seen.wait(), 10)
        writer.write(b"4\r\nmore\r\n0\r\n\r\n")
        return await reader.readexactly(len(answer))

    async def upstream(reader: Reader, writer: Writer) -> bytes:
        asked = await reader.readuntil(b"word \r\n")
        seen.set()
        asked += await reader.readuntil(b"0\r\n\r\n")
        assert asked.endswith(b"\r\n\r\n5\r\nword \r\n4\r\nmore\r\n0\r\n\r\n")
        writer.write(answer)
        return asked

    answer = head(b"200 OK", 2) + b"ok"
    got, exchange = await served(start_proxy, way, upstream, client)
    assert got == answer
    assert (exchange.status, exchange.request.body.truncated) == (200, False)
    assert len(exchange.request.body.data) == 9


async def test_http_1_0_until_the_end_of_the_connection(start_proxy, way: str) -> None:
    """No length and no chunks: the body ends with the connection, and is whole."""
    answer = b"HTTP/1.0 200 OK\r\n" + TYPED + b"\r\n" + b"word " * 20
    got, exchange = await served(start_proxy, way, answers(answer), asks(b"GET /x HTTP/1.0\r\n\r\n"))
    assert got == answer
    assert (exchange.status, exchange.response.body.truncated) == (200, False)
    assert len(exchange.response.body.data) == 100


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        pytest.param(b"HEAD", head(b"200 OK", 5_000_000), id="HEAD"),
        pytest.param(b"GET", b"HTTP/1.1 204 No Content\r\n\r\n", id="204"),
        pytest.param(b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5000000\r\n\r\n", id="304"),
    ],
)
async def test_answers_without_a_body(start_proxy, way: str, method: bytes, answer: bytes) -> None:
    """They end with their headers, whatever length these name."""
    request = method + b" /x HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n"
    got, exchange = await served(start_proxy, way, answers(answer), asks(request))
    assert got == answer
    assert not exchange.response.body.truncated
    assert exchange.response.body.data == b""


async def test_a_shorter_drain_cuts_what_never_ends(start_proxy, way: str) -> None:
    """Within the second that was asked for and what follows, not the usual ten; what was cut is in the capture."""
    asked = asyncio.Event()

    async def upstream(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proxy = await asyncio.to_thread(start_proxy, way, f"http://127.0.0.1:{port}", "replay_drain_seconds=1")
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(GET)
    await asyncio.wait_for(asked.wait(), 15)
    began = asyncio.get_running_loop().time()
    assert await proxy.stop_while_serving() == 0
    assert asyncio.get_running_loop().time() - began < 9
    await reader.read()
    writer.close()
    server.close()
    assert isinstance(only_exchange(proxy.capture).outcome, Fault)
