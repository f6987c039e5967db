"""Several proxy workers on one port, one writer, one capture: how they start, share, and end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import time
from pathlib import Path

from aiohttp import ClientSession

from integration.record.faults import committed, is_running, is_sound, one_other_than, send, until
from replay.store.capture_reader import CaptureReader


async def get_each_alone(url: str, count: int, query: str = "") -> None:
    """Each on a connection of its own, so that the kernel deals them out."""
    for _ in range(count):
        async with ClientSession(url) as client, client.get("/courses/1" + query) as answer:
            assert answer.status == 200
            await answer.read()


async def test_two_workers_share_the_port_and_the_capture(start_proxy, shop: str) -> None:
    """And the log has one object a line: time, level, event, message and counts; nothing of the traffic."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop, "--workers=2", "--log-format=json")
    assert len(proxy.worker_pids) == 2
    await get_each_alone(proxy.url, 40, "?secret=Zq81")
    used = [children_io(pid) for pid in proxy.worker_pids]
    await until(lambda: committed(proxy.capture) == 40)
    killed = proxy.writer_pids
    os.kill(killed[0], signal.SIGKILL)
    await until(one_other_than(lambda: proxy.writer_pids, killed))
    assert await proxy.stop_while_serving() == 0
    with CaptureReader.open(proxy.capture) as reader:
        assert (reader.contents().exchanges, reader.losses()) == (40, ())
        numbers = sorted(int(one.id[1:]) for session in reader.sessions() for one in session.exchanges)
    assert numbers == list(range(1, 41))
    assert all(used)
    lines = [json.loads(line) for line in proxy.text().splitlines()]
    events = {line["event"]: line for line in lines}
    assert lines[0]["event"] == "recording"
    assert (lines[0]["port"], lines[0]["workers"]) == (proxy.port, 2)
    assert events["writer-ended"]["level"] == "warning"
    assert (events["finished"]["seen"], events["finished"]["captured"], events["finished"]["complete"]) == (
        40,
        40,
        True,
    )
    assert all(line["time"].endswith("Z") for line in lines)
    assert "Zq81" not in proxy.text()


def children_io(pid: int) -> int:
    """Bytes that a process has read."""
    text = Path(f"/proc/{pid}/io").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("rchar")))


async def test_a_second_signal_ends_at_once_with_an_exact_account(start_proxy, shop: str) -> None:
    """A request is in flight and the writer takes nothing: the first signal waits for both, the second for neither."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop)
    early = await send(proxy.url, 20)
    await until(lambda: committed(proxy.capture) == early)
    writer = proxy.writer_pid
    os.kill(writer, signal.SIGSTOP)
    late = await send(proxy.url, 40, "/big?bytes=50000", bytes(50_000))
    async with ClientSession(proxy.url) as client:
        waiting = asyncio.ensure_future(client.get("/stuck"))
        await asyncio.sleep(0.5)
        proxy.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        assert proxy.process.poll() is None
        began = time.monotonic()
        assert await proxy.stop_while_serving() == 0
        took = time.monotonic() - began
        os.kill(writer, signal.SIGCONT)
        await asyncio.gather(waiting, return_exceptions=True)
    assert took < 9.0  # below the 10 s of the first signal: it waited for nothing
    (captured, dropped) = re.findall(r"captured (\d+), dropped (.*), refused 0", proxy.text())[-1]
    lost = {reason: int(count) for count, reason in (part.split() for part in dropped.split(", "))}
    assert int(captured) + sum(lost.values()) == early + late + 1
    assert set(lost) <= {"queue-left", "writer-silent", "unfinished"}
    assert lost["queue-left"] > 0
    await until(lambda: not is_running(writer))
    assert is_sound(proxy.capture)


async def test_a_worker_that_cannot_be_had_ends_the_recording(start_proxy, shop: str) -> None:
    """Somebody else takes the port while the worker is away: three tries, then one sentence; the capture is whole."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop)
    await get_each_alone(proxy.url, 10)
    await until(lambda: committed(proxy.capture) == 10)
    (worker,) = proxy.worker_pids
    os.kill(worker, signal.SIGKILL)
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for _ in range(200):
            try:
                thief.bind(("127.0.0.1", proxy.port))
                break
            except OSError:
                await asyncio.sleep(0.005)
        thief.listen()
        assert await asyncio.to_thread(proxy.process.wait, 60) == 1  # an uncaught sentence; `replay` makes it status 2
    said = proxy.text()
    assert "no proxy worker can be started any more" in said
    assert f"cannot listen on 127.0.0.1:{proxy.port}: Address already in use" in said
    with CaptureReader.open(proxy.capture) as reader:
        assert reader.contents().exchanges == 10
