"""Faults of the recorder's own processes and files: clients get the unchanged answer, and the account stays exact:
requests sent = captured + skipped + refused + dropped."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from replay.store.capture_reader import CaptureReader

ANSWER = b'{"id": 17, "title": "Intro"}'


async def send(url: str, count: int, parallel: int = 4) -> int:
    """Requests on connections that stay open; the answers must be those of the upstream. Returns `count`."""
    gate = asyncio.Semaphore(parallel)
    async with ClientSession(url) as client:

        async def one() -> None:
            async with gate, client.get("/courses/17") as answer:
                assert (answer.status, await answer.read()) == (200, ANSWER)

        await asyncio.gather(*(one() for _ in range(count)))
    return count


async def send_through_breaks(url: str, seconds: float, at_least: int = 20) -> tuple[int, int]:
    """POSTs one by one (a client repeats a cut GET by itself): those answered in full, and those that were cut."""
    answered = cut = 0
    began = time.monotonic()
    while answered < at_least or time.monotonic() < began + seconds:
        assert time.monotonic() < began + 60, "the traffic does not come back"
        async with ClientSession(url) as client:
            try:
                async with client.post("/echo", data=ANSWER) as answer:
                    assert (answer.status, await answer.read()) == (200, ANSWER)
                    answered += 1
            except ClientError:
                cut += 1
                await asyncio.sleep(0.02)
    return answered, cut


def account(path: Path) -> tuple[int, dict[str, int]]:
    """What is captured, and what is not, by reason."""
    with CaptureReader.open(path) as reader:
        return reader.contents().exchanges, {loss.reason: loss.count for loss in reader.losses()}


def is_sound(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        connection.close()


async def until(is_so: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        await asyncio.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_killed_worker_is_replaced_and_its_exchanges_are_counted(start_proxy, shop: str) -> None:
    """SIGKILL of the only worker while requests wait: the port comes back, and every request seen has a fate."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop)
    (first,) = proxy.worker_pids
    sent = await send(proxy.url, 40)
    async with ClientSession(proxy.url) as client:
        waiting = [asyncio.ensure_future(client.get("/slow")) for _ in range(3)]
        await asyncio.sleep(0.5)
        os.kill(first, signal.SIGKILL)
        done = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, ClientError) for one in done)  # the process that held their sockets is gone
    await until(lambda: proxy.worker_pids not in ([], [first]))
    answered, _ = await send_through_breaks(proxy.url, 1.0)
    assert await proxy.stop_while_serving() == 0
    captured, lost = account(proxy.capture)
    assert set(lost) == {"worker-dead"}
    assert lost["worker-dead"] >= 3
    assert captured + lost["worker-dead"] == sent + 3 + answered
    assert "SIGKILL" in proxy.text()


async def test_one_of_two_workers_killed_under_load(start_proxy, shop: str) -> None:
    """The other one goes on; what is answered is captured or counted, and nothing is counted twice."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop, "--workers=2")
    first = proxy.worker_pids
    load = asyncio.ensure_future(send_through_breaks(proxy.url, 5.0))
    await asyncio.sleep(1.5)
    os.kill(first[0], signal.SIGKILL)
    answered, cut = await load
    await until(lambda: len(proxy.worker_pids) == 2)
    assert await proxy.stop_while_serving() == 0
    captured, lost = account(proxy.capture)
    assert set(lost) <= {"worker-dead"}
    assert answered <= captured + sum(lost.values()) <= answered + cut


async def test_writer_and_worker_killed_together(start_proxy, shop: str) -> None:
    """Both at once, under load: whoever had what, the sum is what was seen."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop)
    load = asyncio.ensure_future(send_through_breaks(proxy.url, 5.0))
    await asyncio.sleep(1.5)
    os.kill(proxy.writer_pid, signal.SIGKILL)
    os.kill(proxy.worker_pids[0], signal.SIGKILL)
    answered, cut = await load
    assert await proxy.stop_while_serving() == 0
    captured, lost = account(proxy.capture)
    assert set(lost) <= {"worker-dead", "writer-dead"}
    assert answered <= captured + sum(lost.values()) <= answered + cut


async def test_a_locked_file_costs_nothing(start_proxy, way: str, shop: str) -> None:
    """Somebody holds the write lock for longer than SQLite waits: all is committed after it."""
    proxy = await asyncio.to_thread(start_proxy, way, shop)
    sent = await send(proxy.url, 20)
    other = sqlite3.connect(proxy.capture, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        sent += await send(proxy.url, 60)
        await asyncio.sleep(7.0)
        other.execute("ROLLBACK")
    finally:
        other.close()
    sent += await send(proxy.url, 20)
    assert await proxy.stop_while_serving() == 0
    assert account(proxy.capture) == (sent, {})


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for 2 MB, where this user may mount one; else a plain folder."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "replay-test", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    yield folder
    if mounted:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=True)


def fill(folder: Path) -> Callable[[], None] | None:
    """Take all room on a mounted folder; returns what gives it back. None: it is no disk of its own."""
    if not folder.is_mount():
        return None
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return filler.unlink


@pytest.mark.parametrize("kind", ["disk full", "file size limit"])
async def test_a_full_disk_costs_recorded_exchanges_only(
    start_proxy, shop: str, small_disk: Path, tmp_path: Path, kind: str
) -> None:
    """No room for seconds: clients notice nothing, what was not stored is counted, and recording goes on after it."""
    folder = small_disk if kind == "disk full" else tmp_path
    proxy = await asyncio.to_thread(start_proxy, "record", shop, folder=folder)
    sent = await send(proxy.url, 30)
    await asyncio.sleep(0.6)
    free = fill(folder)
    if free is None:
        resource.prlimit(proxy.writer_pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    sent += await send(proxy.url, 400)
    await asyncio.sleep(1.0)
    if free is None:
        resource.prlimit(proxy.writer_pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    else:
        free()
    sent += await send(proxy.url, 30)
    assert await proxy.stop_while_serving() == 0
    captured, lost = account(proxy.capture)
    assert captured >= 60
    assert set(lost) == {"not-stored"}
    assert captured + lost["not-stored"] == sent
    assert is_sound(proxy.capture)


async def test_a_file_that_is_removed_is_begun_anew(start_proxy, way: str, shop: str) -> None:
    """What was in it is lost and counted as such; from then on recording goes into a file that can be found."""
    proxy = await asyncio.to_thread(start_proxy, way, shop)
    sent = await send(proxy.url, 30)
    await asyncio.sleep(0.5)
    for path in proxy.capture.parent.glob("c.db*"):
        path.unlink()
    await until(proxy.capture.exists)
    await asyncio.sleep(0.5)
    sent += await send(proxy.url, 30)
    assert await proxy.stop_while_serving() == 0
    captured, lost = account(proxy.capture)
    assert captured >= 30
    assert captured + sum(lost.values()) == sent
    assert set(lost) == {"writer-dead"}


async def test_sigkill_of_everything_leaves_a_sound_file(start_proxy, shop: str) -> None:
    """No process has a chance to say anything: what was sent a second ago is there."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop, "--workers=2")
    early = await send(proxy.url, 80)
    await asyncio.sleep(1.0)
    late = await send(proxy.url, 10)
    for pid in (proxy.process.pid, proxy.writer_pid, *proxy.worker_pids):
        os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(proxy.process.wait, 10)
    await asyncio.sleep(0.2)
    assert is_sound(proxy.capture)
    captured, _ = account(proxy.capture)
    assert early <= captured <= early + late


async def test_a_killed_supervisor_loses_nothing(start_proxy, shop: str) -> None:
    """Its children drain what is in flight, commit, close the file and end by themselves."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop, "--workers=2")
    children = [proxy.writer_pid, *proxy.worker_pids]
    sent = await send(proxy.url, 50)
    async with ClientSession(proxy.url) as client:
        waiting = asyncio.ensure_future(client.get("/slow"))
        await asyncio.sleep(0.3)
        proxy.process.kill()
        answer = await waiting
        assert (answer.status, await answer.json()) == (200, {"slow": True})
    await until(lambda: not any(is_running(pid) for pid in children))
    assert account(proxy.capture) == (sent + 1, {})
    assert is_sound(proxy.capture)
    assert [path.name for path in proxy.capture.parent.glob("c.db*")] == ["c.db"]


async def test_a_killed_mitmdump_is_accounted_for(start_proxy, shop: str) -> None:
    """The writer knows the proxy's counters, so that even a SIGKILL leaves no request without a fate."""
    proxy = await asyncio.to_thread(start_proxy, "mitmdump", shop)
    writer = proxy.writer_pid
    sent = await send(proxy.url, 30)
    async with ClientSession(proxy.url) as client:
        waiting = [asyncio.ensure_future(client.get("/slow")) for _ in range(2)]
        await asyncio.sleep(0.3)
        proxy.process.kill()
        await asyncio.gather(*waiting, return_exceptions=True)
    await until(lambda: not is_running(writer))
    captured, lost = account(proxy.capture)
    assert captured + lost["worker-dead"] == sent + 2
    assert lost["worker-dead"] >= 2
