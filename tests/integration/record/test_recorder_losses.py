"""Whatever happens to the writer, clients notice nothing and the capture's account is exact:
seen = captured + skipped + refused + dropped."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from pathlib import Path

from aiohttp import ClientSession

from replay.model.capture import Loss
from replay.store.capture_reader import CaptureReader


async def get_all(url: str, paths: list[str], parallel: int = 4) -> list[int]:
    """Statuses of all answers; any client error raises."""
    gate = asyncio.Semaphore(parallel)

    async with ClientSession(url) as client:

        async def get(path: str) -> int:
            async with gate, client.get(path) as answer:
                await answer.read()
                return answer.status

        return list(await asyncio.gather(*(get(path) for path in paths)))


def account(path: Path) -> tuple[int, tuple[Loss, ...]]:
    with CaptureReader.open(path) as reader:
        return reader.contents().exchanges, reader.losses()


async def test_a_killed_writer_costs_recorded_exchanges_and_nothing_else(start_proxy, way: str, shop: str) -> None:
    """SIGKILL in mid-run: no client error, another writer goes on with the file, every exchange is accounted for."""
    proxy = await asyncio.to_thread(start_proxy, way, shop)
    first = proxy.writer_pid
    statuses = await get_all(proxy.url, [f"/courses/{i}" for i in range(60)])
    traffic = asyncio.ensure_future(get_all(proxy.url, [f"/courses/{i}" for i in range(120)]))
    await asyncio.sleep(0.1)
    os.kill(first, signal.SIGKILL)
    statuses += await traffic
    await asyncio.sleep(2.5)  # the next writer is started after 1 s
    statuses += await get_all(proxy.url, [f"/courses/{i}" for i in range(20)])
    assert proxy.writer_pid != first
    assert await proxy.stop_while_serving() == 0
    assert statuses == [200] * 200
    captured, losses = account(proxy.capture)
    assert {(loss.kind, loss.reason) for loss in losses} <= {("dropped", "writer-dead")}
    assert captured + sum(loss.count for loss in losses) == 200
    assert captured >= 80  # what had been committed before, and what waited for the next writer


async def test_a_writer_that_died_for_good_is_still_accounted_for(start_proxy, way: str, shop: str) -> None:
    """Killed right before the end: the losses are written by one more writer at the stop."""
    proxy = await asyncio.to_thread(start_proxy, way, shop)
    assert await get_all(proxy.url, ["/courses/1"] * 10) == [200] * 10
    await asyncio.sleep(0.6)
    os.kill(proxy.writer_pid, signal.SIGKILL)
    await asyncio.sleep(0.1)
    assert await get_all(proxy.url, ["/courses/2"] * 15) == [200] * 15
    assert await proxy.stop_while_serving() == 0
    captured, losses = account(proxy.capture)
    assert captured + sum(loss.count for loss in losses) == 25
    assert captured >= 10
    assert {loss.reason for loss in losses} <= {"writer-dead"}


async def test_a_full_queue_drops_and_counts(start_proxy, way: str, shop: str) -> None:
    """The writer is stopped and the queue is 1 MB: traffic goes on, what finds no room is counted."""
    proxy = await asyncio.to_thread(start_proxy, way, shop, "replay_queue_mb=1")
    writer = proxy.writer_pid
    os.kill(writer, signal.SIGSTOP)
    began = time.monotonic()
    try:
        statuses = await get_all(proxy.url, ["/big?bytes=50000"] * 160)
    finally:
        os.kill(writer, signal.SIGCONT)
    took = time.monotonic() - began
    assert await proxy.stop_while_serving() == 0
    assert statuses == [200] * 160
    assert took < 30
    captured, losses = account(proxy.capture)
    assert [(loss.kind, loss.reason) for loss in losses] == [("dropped", "queue-full")]
    assert captured + losses[0].count == 160
    assert 1 <= captured <= 30  # the queue with its reserve for the pipe: 1 MB
    if way == "record":
        assert f"captured {captured}, dropped {losses[0].count} queue-full, refused 0" in proxy.text()


async def test_kill_9_of_the_proxy_leaves_a_sound_file(start_proxy, way: str, shop: str) -> None:
    """The writer ends at the end of the pipe: what it had is committed, the file is closed, one file remains."""
    proxy = await asyncio.to_thread(start_proxy, way, shop)
    writer = proxy.writer_pid
    await get_all(proxy.url, ["/courses/1"] * 50)
    await asyncio.sleep(0.8)
    await get_all(proxy.url, ["/courses/2"] * 10)
    proxy.process.kill()
    proxy.process.wait(10)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{writer}").exists() and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    captured, _ = account(proxy.capture)
    assert 50 <= captured <= 60
    connection = sqlite3.connect(proxy.capture)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert [path.name for path in proxy.capture.parent.glob("c.db*")] == ["c.db"]


async def test_a_signal_to_the_writer_loses_nothing(start_proxy, way: str, shop: str) -> None:
    """A Ctrl-C or `kill` of the whole group reaches the writer as well: it ends with the pipe only."""
    proxy = await asyncio.to_thread(start_proxy, way, shop)
    await get_all(proxy.url, ["/courses/1"] * 10)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(proxy.writer_pid, signum)
    await get_all(proxy.url, ["/courses/1"] * 10)
    assert await proxy.stop_while_serving(signal.SIGINT) == 0
    assert account(proxy.capture) == (20, ())


async def test_requests_cut_by_the_stop_are_counted(start_proxy, way: str, shop: str) -> None:
    """What does not end within the 10 s of the drain is cut, and has a fate in the capture all the same."""
    proxy = await asyncio.to_thread(start_proxy, way, shop)
    async with ClientSession(proxy.url) as client:
        waiting = asyncio.ensure_future(client.get("/stuck"))
        await asyncio.sleep(0.5)
        assert await proxy.stop_while_serving() == 0
        await asyncio.wait([waiting])
        waiting.exception()
    captured, losses = account(proxy.capture)
    assert captured + sum(loss.count for loss in losses) == 1
    assert {loss.reason for loss in losses} <= {"unfinished"}
