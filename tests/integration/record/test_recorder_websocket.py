"""A WebSocket is one recorded exchange: the 101 and what was said, bounded, with flat memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, WSMsgType, web

from integration.record.resident import proxy_resident_kb
from replay.model.exchange import Exchange
from replay.store.capture_reader import CaptureReader
from upstreams import served


@pytest.fixture
async def talk() -> AsyncIterator[str]:
    """An upstream that shouts back; `bye` makes it close, `vanish` makes it drop the connection."""

    async def shout(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=64 << 20)
        await socket.prepare(request)
        async for message in socket:
            if message.data == "vanish":
                request.transport.abort()
            elif message.data == "bye":
                await socket.close(code=4000)
            elif message.type == WSMsgType.BINARY:
                await socket.send_bytes(message.data[:8])
            else:
                await socket.send_str(message.data.upper())
        return socket

    async def plain(_: web.Request) -> web.Response:
        return web.json_response({"id": 1})

    app = web.Application()
    app.add_routes([web.get("/talk", shout), web.get("/plain", plain)])
    async with served(app) as url:
        yield url


def recorded(capture: Path) -> list[Exchange]:
    with CaptureReader.open(capture) as reader:
        assert [loss for loss in reader.losses() if loss.kind == "dropped"] == []
        return [exchange for session in reader.sessions() for exchange in session.exchanges]


async def test_what_is_said_is_recorded_in_order(start_proxy, way: str, talk: str) -> None:
    """Text and binary, from both sides, in one exchange with the status of the handshake."""
    proxy = await asyncio.to_thread(start_proxy, way, talk)
    async with ClientSession(proxy.url) as client, client.ws_connect("/talk") as socket:
        await socket.send_str("hello")
        assert (await socket.receive_str(timeout=5)) == "HELLO"
        await socket.send_bytes(bytes(16))
        assert (await socket.receive_bytes(timeout=5)) == bytes(8)
        await socket.send_str("bye")
        assert (await socket.receive(timeout=5)).type == WSMsgType.CLOSE
        assert socket.close_code == 4000
    assert await proxy.stop_while_serving() == 0
    (exchange,) = recorded(proxy.capture)
    assert exchange.status == 101
    assert [message.from_client for message in exchange.messages] == [True, False, True, False, True]
    assert [message.body.media_type for message in exchange.messages][:3] == ["text/plain", "text/plain", BINARY]
    times = [message.at for message in exchange.messages]
    assert times == sorted(times)
    assert exchange.started < times[0] <= times[-1] <= exchange.ended


BINARY = "application/octet-stream"


@pytest.mark.parametrize("end", ["client leaves", "upstream vanishes", "proxy stops"])
async def test_every_end_leaves_one_exchange(start_proxy, way: str, talk: str, end: str) -> None:
    """However a socket ends, what was said is there, once; a request beside it is an exchange of its own."""
    proxy = await asyncio.to_thread(start_proxy, way, talk)
    async with ClientSession(proxy.url) as client:
        assert (await client.get("/plain")).status == 200
        socket = await client.ws_connect("/talk")
        await socket.send_str("hello")
        assert (await socket.receive_str(timeout=5)) == "HELLO"
        if end == "upstream vanishes":
            await socket.send_str("vanish")
            await socket.receive(timeout=5)
        if end == "client leaves":
            socket._response.connection.transport.abort()
            await asyncio.sleep(0.3)
        assert await proxy.stop_while_serving() == 0
        await socket.close()
    exchanges = recorded(proxy.capture)
    assert sorted(one.status for one in exchanges) == [101, 200]
    (conversation,) = [one for one in exchanges if one.status == 101]
    assert len(conversation.messages) == (3 if end == "upstream vanishes" else 2)


async def test_long_talks_pass_whole_and_are_recorded_cut(start_proxy, way: str, talk: str) -> None:
    """Beyond the limit messages pass and are measured; the exchange says how much is missing."""
    proxy = await asyncio.to_thread(start_proxy, way, talk, "replay_body_kb=10")
    async with ClientSession(proxy.url) as client, client.ws_connect("/talk") as socket:
        for _ in range(10):
            await socket.send_str("word " * 600)
            assert len(await socket.receive_str(timeout=5)) == 3000
    assert await proxy.stop_while_serving() == 0
    (exchange,) = recorded(proxy.capture)
    assert [message.body.truncated for message in exchange.messages] == [False, False, False, True]
    assert exchange.messages[-1].body.size_bytes == 3000
    assert exchange.response.body.truncated
    assert exchange.response.body.size_bytes == 16 * 3000


async def test_many_messages_leave_memory_flat(start_proxy, way: str, talk: str) -> None:
    """60 MB of messages through one socket; mitmproxy alone keeps them all until it closes."""
    proxy = await asyncio.to_thread(start_proxy, way, talk)
    async with ClientSession(proxy.url) as client, client.ws_connect("/talk") as socket:

        async def send(count: int) -> None:
            for _ in range(count):
                await socket.send_bytes(bytes(100_000))
                await socket.receive_bytes(timeout=10)

        await send(50)
        before = proxy_resident_kb(proxy.process.pid)
        await send(600)
        assert proxy_resident_kb(proxy.process.pid) - before < 30_000
    assert await proxy.stop_while_serving() == 0
    assert recorded(proxy.capture)[0].response.body.size_bytes > 59_000_000
