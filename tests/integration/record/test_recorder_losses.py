"""Whatever happens to the writer, clients notice nothing and the capture's account is exact:
seen = captured + skipped + refused + dropped."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from aiohttp import ClientError, ClientSession

from integration.record.faults import account, both_ways, committed, is_running, is_sound, one_other_than, send, until
from integration.record.resident import proxy_resident_kb
from replay.store.capture_reader import CaptureReader

_LONG = 500_000


async def test_killed_writers_cost_recorded_exchanges_and_nothing_else(start_proxy, way: str, shop: str) -> None:
    """Signals do nothing to it; SIGKILL three times in a row, and once more right before the end: no client error,
    another one goes on with the file, every exchange is accounted for."""
    proxy = await asyncio.to_thread(start_proxy, way, shop)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a Ctrl-C reaches the whole group
        os.kill(proxy.writer_pid, signum)
    sent = await send(proxy.url, 20)
    await until(lambda: committed(proxy.capture) == 20)
    for _ in range(3):
        killed = proxy.writer_pids
        traffic = asyncio.ensure_future(send(proxy.url, 40))
        os.kill(killed[0], signal.SIGKILL)
        sent += await traffic
        await until(one_other_than(lambda: proxy.writer_pids, killed))
        before = committed(proxy.capture)
        sent += await send(proxy.url, 10)
        await until(lambda: committed(proxy.capture) >= before + 10)  # noqa: B023 - awaited in the same round
    kept = committed(proxy.capture)
    os.kill(proxy.writer_pid, signal.SIGKILL)
    sent += await send(proxy.url, 15)
    assert await proxy.stop_while_serving(signal.SIGINT) == 0
    captured, lost = account(proxy.capture)
    assert captured + sum(lost.values()) == sent
    assert set(lost) <= {"writer-dead"}
    assert captured >= kept >= 50
    assert is_sound(proxy.capture)
    with CaptureReader.open(proxy.capture) as reader:
        assert reader.torn, "what went on when a writer was killed says that it may lack exchanges"


async def test_a_stopped_writer_costs_what_finds_no_room(start_proxy, way: str, shop: str) -> None:
    """SIGSTOP with a queue of 1 MB: traffic and memory stay as they are, what finds no room is counted; then all is
    well again."""
    proxy = await asyncio.to_thread(start_proxy, way, shop, "replay_queue_mb=1")
    path, answer = f"/big?bytes={_LONG}", bytes(_LONG)
    sent = await send(proxy.url, 40, path, answer)
    held = proxy_resident_kb(proxy.process.pid)
    writer = proxy.writer_pid
    os.kill(writer, signal.SIGSTOP)
    try:
        sent += await send(proxy.url, 240, path, answer)
        grown = proxy_resident_kb(proxy.process.pid) - held
    finally:
        os.kill(writer, signal.SIGCONT)
    before = committed(proxy.capture)
    await until(lambda: committed(proxy.capture) > before)  # the queue has room again
    sent += await send(proxy.url, 1)
    assert await proxy.stop_while_serving() == 0
    captured, lost = account(proxy.capture)
    assert set(lost) == {"queue-full"}
    assert captured + lost["queue-full"] == sent
    assert lost["queue-full"] >= 40  # bodies beyond the budget of those in flight are left out; many of those fit
    assert grown < 24 << 10  # of the 120 MB that passed
    if way == "record":
        assert f"captured {captured}, dropped {lost['queue-full']} queue-full, refused 0" in proxy.text()


async def test_a_lock_is_waited_for(start_proxy, tmp_path: Path, shop: str) -> None:
    """Somebody holds the write lock for seconds: all is committed after it. One that he keeps to the end costs what
    was recorded meanwhile, and the end comes in time all the same."""

    async def check(way: str, folder: Path) -> None:
        proxy = await asyncio.to_thread(start_proxy, way, shop, folder=folder)
        sent = await send(proxy.url, 20)
        with closing(sqlite3.connect(proxy.capture, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            sent += await send(proxy.url, 60)
            await asyncio.sleep(3.0)  # beyond what one statement waits for
            other.execute("ROLLBACK")
            await until(lambda: committed(proxy.capture) == sent)
            other.execute("BEGIN EXCLUSIVE")
            late = await send(proxy.url, 5)
            assert await proxy.stop_while_serving() == 0
            other.execute("ROLLBACK")
        assert f"captured {sent}, dropped {late} not-stored" in proxy.text()
        assert account(proxy.capture)[0] == sent
        assert is_sound(proxy.capture)

    await both_ways(check, tmp_path)


async def test_a_file_that_is_taken_away_is_begun_anew(start_proxy, tmp_path: Path, shop: str) -> None:
    """Removed, and then with its whole folder: what was in it is lost and counted as such; recording goes on in a file
    that can be found, as soon as there is a place for it."""

    async def check(way: str, place: Path) -> None:
        folder = place / "inner"
        folder.mkdir()
        proxy = await asyncio.to_thread(start_proxy, way, shop, folder=folder)
        sent = await send(proxy.url, 30)
        await until(lambda: committed(proxy.capture) == sent)
        for path in folder.glob("c.db*"):
            path.unlink()
        await until(lambda: proxy.capture.exists() and bool(proxy.writer_pids))
        sent += await send(proxy.url, 10)
        away = folder.rename(folder.with_name("away"))
        sent += await send(proxy.url, 10)
        await until(lambda: not proxy.writer_pids)
        folder.mkdir()
        await until(lambda: proxy.capture.exists() and bool(proxy.writer_pids))
        late = await send(proxy.url, 30)
        assert await proxy.stop_while_serving() == 0
        captured, lost = account(proxy.capture)
        assert captured >= late
        assert captured + sum(lost.values()) == sent + late
        assert set(lost) == {"writer-dead"}
        assert is_sound(away / "c.db")

    await both_ways(check, tmp_path)


async def test_requests_cut_by_the_stop_are_counted(start_proxy, tmp_path: Path, shop: str) -> None:
    """What does not end within the 10 s of the drain is cut, and has a fate in the capture all the same."""

    async def check(way: str, folder: Path) -> None:
        proxy = await asyncio.to_thread(start_proxy, way, shop, folder=folder)
        async with ClientSession(proxy.url) as client:
            waiting = asyncio.ensure_future(client.get("/stuck"))
            await asyncio.sleep(0.5)
            assert await proxy.stop_while_serving() == 0
            (done,) = await asyncio.gather(waiting, return_exceptions=True)
        assert isinstance(done, ClientError)
        captured, lost = account(proxy.capture)
        assert captured + sum(lost.values()) == 1
        assert set(lost) <= {"unfinished"}

    await both_ways(check, tmp_path)


async def test_a_killed_mitmdump_is_accounted_for(start_proxy, shop: str) -> None:
    """The writer knows the proxy's counters, so that even a SIGKILL leaves no request without a fate; it commits what
    it had, closes the file and ends."""
    proxy = await asyncio.to_thread(start_proxy, "mitmdump", shop)
    writer = proxy.writer_pid
    sent = await send(proxy.url, 30)
    async with ClientSession(proxy.url) as client:
        waiting = [asyncio.ensure_future(client.get("/slow")) for _ in range(2)]
        await asyncio.sleep(0.5)
        proxy.process.kill()
        await asyncio.gather(*waiting, return_exceptions=True)
    await until(lambda: not is_running(writer))
    captured, lost = account(proxy.capture)
    assert captured + lost["worker-dead"] == sent + 2
    assert lost["worker-dead"] >= 2
    assert is_sound(proxy.capture)
    assert [path.name for path in proxy.capture.parent.glob("c.db*")] == ["c.db"]
