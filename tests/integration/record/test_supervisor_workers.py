"""Several proxy workers on one port, one writer, one capture: how they start, share, and end."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import time
from pathlib import Path

from aiohttp import ClientSession

from replay.store.capture_reader import CaptureReader


async def get_each_alone(url: str, count: int) -> None:
    """Each on a connection of its own, so that the kernel deals them out."""
    for _ in range(count):
        async with ClientSession(url) as client, client.get("/courses/1") as answer:
            assert answer.status == 200
            await answer.read()


async def test_two_workers_share_the_port_and_the_capture(start_proxy, shop: str) -> None:
    proxy = await asyncio.to_thread(start_proxy, "record", shop, "--workers=2", "--log-format=json")
    assert len(proxy.worker_pids) == 2
    await get_each_alone(proxy.url, 60)
    used = [children_io(pid) for pid in proxy.worker_pids]
    assert await proxy.stop_while_serving() == 0
    with CaptureReader.open(proxy.capture) as reader:
        assert (reader.contents().exchanges, reader.losses()) == (60, ())
        numbers = sorted(int(one.id[1:]) for session in reader.sessions() for one in session.exchanges)
    assert numbers == list(range(1, 61))
    assert all(used)


def children_io(pid: int) -> int:
    """Bytes that a process has read."""
    text = Path(f"/proc/{pid}/io").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("rchar")))


async def test_json_lines_say_what_happens(start_proxy, shop: str) -> None:
    """One object a line: time, level, event, message and counts; nothing of the traffic."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop, "--log-format=json")
    async with ClientSession(proxy.url) as client, client.get("/courses/1?secret=Zq81") as answer:
        assert answer.status == 200
    os.kill(proxy.writer_pid, signal.SIGKILL)
    await asyncio.sleep(1.5)
    assert await proxy.stop_while_serving() == 0
    lines = [json.loads(line) for line in proxy.text().splitlines()]
    events = {line["event"]: line for line in lines}
    assert lines[0]["event"] == "recording"
    assert {"recording", "writer-ended", "draining", "finished"} <= set(events)
    assert events["recording"]["port"] == proxy.port
    assert events["recording"]["workers"] == 1
    assert events["writer-ended"]["level"] == "warning"
    last = events["finished"]
    assert last["seen"] == 1 == last["captured"] + sum(last["dropped"].values())
    assert last["complete"] is True
    assert all(line["time"].endswith("Z") for line in lines)
    assert "Zq81" not in proxy.text()


async def test_a_second_signal_does_not_wait_for_what_is_in_flight(start_proxy, shop: str) -> None:
    """The first lets requests finish, the second cuts them off; they are counted."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop)
    async with ClientSession(proxy.url) as client:
        waiting = asyncio.ensure_future(client.get("/stuck"))
        await asyncio.sleep(0.5)
        began = time.monotonic()
        proxy.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        assert proxy.process.poll() is None
        assert await proxy.stop_while_serving() == 0
        took = time.monotonic() - began
        await asyncio.wait([waiting])
        waiting.exception()
    assert took < 9.0  # below the 10 s of the first signal: it did not wait for them
    with CaptureReader.open(proxy.capture) as reader:
        assert reader.contents().exchanges + sum(loss.count for loss in reader.losses()) == 1


async def test_a_worker_that_cannot_be_had_ends_the_recording(start_proxy, shop: str) -> None:
    """Somebody else takes the port while the worker is away: three tries, then one sentence; the capture is whole."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop)
    await get_each_alone(proxy.url, 10)
    await asyncio.sleep(0.5)
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
        assert reader.contents().exchanges == 10, (reader.losses(), said)


async def test_rotation_keeps_the_account(start_proxy, shop: str) -> None:
    """Segments and a killed writer: what is in all of them, and what is lost, is what was sent."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop, "--rotate-mb=1")
    chance, sent = random.Random(7), 0
    async with ClientSession(proxy.url, headers={"Content-Type": "application/json"}) as client:
        for i in range(120):
            body = json.dumps({"readings": [chance.random() for _ in range(1500)]}).encode()
            async with client.post("/echo", data=body) as answer:
                assert answer.status == 200
                await answer.read()
                sent += 1
            if i == 115:
                await asyncio.sleep(1.0)
                os.kill(proxy.writer_pid, signal.SIGKILL)
    assert await proxy.stop_while_serving() == 0
    manifest = proxy.capture.with_name("c.manifest.json")
    with CaptureReader.open(manifest) as reader:
        lost = sum(loss.count for loss in reader.losses())
        assert reader.contents().exchanges + lost == sent
        assert {loss.reason for loss in reader.losses()} <= {"writer-dead", "queue-full"}
        assert reader.contents().exchanges >= 80
    assert proxy.capture.with_name("c-0001.db").exists()
