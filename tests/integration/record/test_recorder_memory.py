"""Bodies do not stay in the proxy: what was streamed, recorded and sent is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

from integration.record.resident import proxy_resident_kb
from replay.store.capture_reader import CaptureReader
from upstreams import served

MB = 1 << 20
COUNT = 300
# The queue may fill to 8 MB, tees may hold 2 MB, and 8 connections have buffers. Kept bodies would be 300 MB.
GROWTH_KB = 60_000


@pytest.fixture
async def bodies() -> AsyncIterator[str]:
    """An upstream that answers with 1 MB, and counts what it is sent."""

    async def give(_: web.Request) -> web.Response:
        return web.Response(body=bytes(MB), content_type="application/octet-stream")

    async def count(request: web.Request) -> web.Response:
        size = 0
        async for chunk in request.content.iter_any():
            size += len(chunk)
        return web.Response(text=str(size))

    app = web.Application()
    app.add_routes([web.get("/give", give), web.post("/count", count)])
    async with served(app) as url:
        yield url


async def chunks() -> AsyncIterator[bytes]:
    """1 MB without a length: sent chunked."""
    for _ in range(16):
        yield bytes(MB // 16)


async def send(url: str, direction: str, count: int) -> None:
    gate = asyncio.Semaphore(8)

    async with ClientSession(url) as client:

        async def one() -> None:
            async with gate:
                if direction == "down":
                    answer = await client.get("/give")
                    assert len(await answer.read()) == MB
                else:
                    answer = await client.post("/count", data=chunks())
                    assert await answer.text() == str(MB)

        await asyncio.gather(*(one() for _ in range(count)))


@pytest.mark.parametrize("direction", ["down", "up"])
async def test_large_bodies_leave_memory_flat(start_proxy, way: str, bodies: str, direction: str) -> None:
    """300 bodies of 1 MB: the proxy grows by the bounded queue and buffers, not by the traffic."""
    proxy = await asyncio.to_thread(start_proxy, way, bodies, "replay_queue_mb=8", "replay_body_kb=512")
    await send(proxy.url, direction, 20)
    before = proxy_resident_kb(proxy.process.pid)
    await send(proxy.url, direction, COUNT)
    grown = proxy_resident_kb(proxy.process.pid) - before
    assert await proxy.stop_while_serving() == 0
    assert grown < GROWTH_KB
    with CaptureReader.open(proxy.capture) as reader:
        dropped = sum(loss.count for loss in reader.losses() if loss.kind == "dropped")
        assert reader.contents().exchanges + dropped == COUNT + 20
