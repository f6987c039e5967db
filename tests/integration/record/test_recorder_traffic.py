"""The traffic is what it was without the recorder, and the capture says what went by."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import time

import pytest
from aiohttp import ClientSession

from replay.model.exchange import Fault, FaultKind
from replay.store.capture_reader import CaptureReader

RAW_RESPONSE = (
    b"HTTP/1.1 207 Odd Reason\r\nX-b: 2\r\nx-A: 1\r\nSet-Cookie: a=1\r\nX-b: 3\r\nSet-Cookie: b=2\r\n"
    b"Content-Type: application/json\r\nContent-Length: 13\r\n\r\n" + b'{"a":  [1.0]}'
)
RAW_REQUEST = (
    b"POST /p%61th/a%2Fb?z=1&a=%20&z=2 HTTP/1.1\r\nHost: shop.example:8080\r\nX-Z: 1\r\nx-a: 2\r\nX-Z: 3\r\n"
    b"Content-Type: application/json\r\nContent-Length: 11\r\n\r\n" + b'{"a":  1.0}'
)


class RawUpstream:
    """Keeps the bytes of one request and answers with fixed bytes."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head + await reader.readexactly(11))
        writer.write(RAW_RESPONSE)
        await writer.drain()
        writer.close()


async def send_raw(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(RAW_REQUEST)
    data = await asyncio.wait_for(reader.readexactly(len(RAW_RESPONSE)), 10)
    writer.close()
    return data


async def test_bytes_are_the_same_both_ways(start_proxy, way: str) -> None:
    """Status, reason, header order, case and repetition, target and body: byte for byte, in both directions."""
    upstream = RawUpstream()
    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proxy = await asyncio.to_thread(start_proxy, way, f"http://127.0.0.1:{port}")
    assert await send_raw(proxy.port) == RAW_RESPONSE
    assert upstream.requests == [RAW_REQUEST]
    assert await proxy.stop_while_serving() == 0
    server.close()
    with CaptureReader.open(proxy.capture) as reader:
        (session,) = reader.sessions()
    (exchange,) = session.exchanges
    assert (exchange.request.method, exchange.status) == ("POST", 207)
    assert [name for name, _ in exchange.request.headers.fields][:5] == ["Host", "X-Z", "x-a", "X-Z", "Content-Type"]


async def test_what_goes_by_is_in_the_capture(start_proxy, way: str, shop: str) -> None:
    proxy = await asyncio.to_thread(start_proxy, way, shop)
    async with ClientSession(proxy.url) as client:
        for status in (200, 201, 404, 500):
            answer = await client.get(f"/status/{status}")
            assert (answer.status, await answer.json()) == (status, {"error": "no"})
        packed = gzip.compress(b'{"note": "hello"}')
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer = await client.post("/echo", data=packed, headers=headers)
        assert await answer.json() == {"note": "hello"}
        assert await (await client.get("/courses/17")).json() == {"id": 17, "title": "Intro"}
    assert await proxy.stop_while_serving() == 0
    with CaptureReader.open(proxy.capture) as reader:
        (session,) = reader.sessions()
        assert reader.losses() == ()
        assert reader.info().origins
    assert [one.status for one in session.exchanges] == [200, 201, 404, 500, 200, 200]
    sent = session.exchanges[4].request
    assert sent.headers.get("content-encoding") == "gzip", "replay packs it again"
    assert list(json.loads(sent.body.data)) == ["note"]
    assert json.loads(session.exchanges[5].response.body.data)["id"] == 17
    assert all(one.started < one.ended for one in session.exchanges)
    assert [path.name for path in proxy.capture.parent.glob("c.db*")] == ["c.db"]
    assert proxy.capture.stat().st_mode & 0o777 == 0o600


async def test_server_sent_events_are_not_held_back(start_proxy, way: str, shop: str) -> None:
    """The first event arrives while the upstream still has 1.4 s of events to send."""
    proxy = await asyncio.to_thread(start_proxy, way, shop)
    async with ClientSession(proxy.url) as client, client.get("/events") as answer:
        began = time.monotonic()
        first = await answer.content.readline()
        waited = time.monotonic() - began
        rest = await answer.content.read()
    assert first == b"data: 0\n"
    assert waited < 0.6
    assert rest == b"\ndata: 1\n\ndata: 2\n\n"
    assert await proxy.stop_while_serving() == 0
    with CaptureReader.open(proxy.capture) as reader:
        (session,) = reader.sessions()
    assert session.exchanges[0].response.body.media_type == "text/event-stream"
    assert not session.exchanges[0].response.body.truncated


async def test_long_bodies_pass_whole_and_are_recorded_cut(start_proxy, way: str, shop: str) -> None:
    proxy = await asyncio.to_thread(start_proxy, way, shop, "replay_body_kb=64")
    async with ClientSession(proxy.url) as client:
        down = await client.get("/big?bytes=3000000")
        assert len(await down.read()) == 3_000_000
        up = await client.post("/echo", data=io.BytesIO(b"u" * 2_000_000), headers={"Content-Type": "text/plain"})
        assert len(await up.read()) == 2_000_000
    assert await proxy.stop_while_serving() == 0
    with CaptureReader.open(proxy.capture) as reader:
        (session,) = reader.sessions()
    for body in (session.exchanges[0].response.body, session.exchanges[1].request.body):
        assert body.truncated
        assert len(body.data) <= 64 << 10
    assert proxy.capture.stat().st_size < 500_000


async def test_a_dead_upstream_is_a_502_and_a_fault(start_proxy, way: str, free_port: int) -> None:
    proxy = await asyncio.to_thread(start_proxy, way, f"http://127.0.0.1:{free_port}")
    async with ClientSession(proxy.url) as client:
        for _ in range(3):
            assert (await client.get("/courses/17")).status == 502
    assert await proxy.stop_while_serving() == 0
    with CaptureReader.open(proxy.capture) as reader:
        outcomes = [one.outcome for session in reader.sessions() for one in session.exchanges]
    assert outcomes == [Fault(FaultKind.CONNECT)] * 3


async def test_a_client_that_leaves_is_recorded(start_proxy, way: str, shop: str) -> None:
    proxy = await asyncio.to_thread(start_proxy, way, shop)
    async with ClientSession(proxy.url) as client:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.get("/slow"), 0.2)
    await asyncio.sleep(0.3)
    assert await proxy.stop_while_serving() == 0
    with CaptureReader.open(proxy.capture) as reader:
        (session,) = reader.sessions()
    assert session.exchanges[0].outcome == Fault(FaultKind.CLIENT_GONE)


async def test_what_is_in_flight_finishes_after_the_signal(start_proxy, way: str, shop: str) -> None:
    """A client that waits gets its answer, and it is recorded."""
    proxy = await asyncio.to_thread(start_proxy, way, shop)
    async with ClientSession(proxy.url) as client:
        waiting = asyncio.ensure_future(client.get("/slow"))
        await asyncio.sleep(0.3)
        stopping = asyncio.ensure_future(proxy.stop_while_serving())
        assert (await waiting).status == 200
        assert await stopping == 0
    with CaptureReader.open(proxy.capture) as reader:
        assert [one.status for session in reader.sessions() for one in session.exchanges] == [200]
        assert reader.losses() == ()
    assert "captured 1, dropped none, refused 0" in proxy.text()
