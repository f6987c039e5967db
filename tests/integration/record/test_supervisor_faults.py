"""Faults of the recorder's own processes and files: clients get the unchanged answer, and the account stays exact:
requests sent = captured + skipped + refused + dropped."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from integration.record.faults import (
    Load,
    account,
    committed,
    is_running,
    is_sound,
    one_other_than,
    send,
    until,
)
from replay.store.capture_verify import verify

_SENTENCE = re.compile(r"captured (\d+), dropped (.*), refused (\d+)")


def said_at_the_end(text: str) -> tuple[int, dict[str, int]]:
    """What the last line says is captured, and what is not, by reason."""
    captured, dropped, refused = _SENTENCE.findall(text)[-1]
    assert refused == "0"
    parts = [part.split() for part in dropped.split(", ") if part != "none"]
    return int(captured), {reason: int(count) for count, reason in parts}


async def test_killed_workers_are_replaced_and_their_exchanges_are_counted(start_proxy, shop: str) -> None:
    """SIGKILL of the only worker three times, the first time while requests wait, the last time with the writer: the
    port comes back, and every request seen has a fate."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop)
    killed = proxy.worker_pids
    async with ClientSession(proxy.url) as client:
        waiting = [asyncio.ensure_future(client.get("/stuck")) for _ in range(3)]
        await asyncio.sleep(0.5)
        os.kill(killed[0], signal.SIGKILL)
        done = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, ClientError) for one in done)  # the process that held their sockets is gone
    await until(one_other_than(lambda: proxy.worker_pids, killed))
    load = Load(proxy.url)
    for also_writer in (False, True):
        await load.more(30)
        killed = proxy.worker_pids
        if also_writer:
            os.kill(proxy.writer_pid, signal.SIGKILL)
        os.kill(killed[0], signal.SIGKILL)
        await until(one_other_than(lambda: proxy.worker_pids, killed))
    await load.more(30)
    answered, cut = await load.stop()
    assert await proxy.stop_while_serving() == 0
    captured, lost = account(proxy.capture)
    assert set(lost) <= {"worker-dead", "writer-dead"}
    assert lost["worker-dead"] >= 3
    assert answered + 3 <= captured + sum(lost.values()) <= answered + cut + 3
    assert said_at_the_end(proxy.text()) == (captured, lost)
    assert "SIGKILL" in proxy.text()
    assert is_sound(proxy.capture)


async def test_a_supervisor_killed_under_load_loses_nothing(start_proxy, shop: str) -> None:
    """One of its two workers was killed before: the other goes on. Then its children drain what is in flight, commit,
    close the file and end by themselves."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop, "--workers=2")
    load = Load(proxy.url)
    await load.more(20)
    os.kill(proxy.worker_pids[0], signal.SIGKILL)
    await load.more(20)
    await until(lambda: len(proxy.worker_pids) == 2)
    children = [proxy.writer_pid, *proxy.worker_pids]
    async with ClientSession(proxy.url) as client:
        waiting = asyncio.ensure_future(client.get("/slow"))
        await asyncio.sleep(0.5)
        proxy.process.kill()
        answer = await waiting
        assert (answer.status, await answer.json()) == (200, {"slow": True})
    await until(lambda: not any(is_running(pid) for pid in children))
    answered, cut = await load.stop()
    captured, lost = account(proxy.capture)
    assert set(lost) <= {"worker-dead"}
    # A connection that the ending proxy never accepted is cut, too, and was never seen.
    assert answered + 1 <= captured + sum(lost.values()) <= answered + cut + 1
    assert is_sound(proxy.capture)
    assert [path.name for path in proxy.capture.parent.glob("c.db*")] == ["c.db"]


async def test_sigkill_of_everything_while_segments_rotate(start_proxy, shop: str, tmp_path: Path) -> None:
    """A writer is killed first, and its account holds. Then no process has a chance to say anything: what was
    committed is there, every file is sound, the next start heals them and goes on."""
    options = ("--workers=2", "--rotate-mb=1", f"replay_key=file:{write_key(tmp_path)}")
    proxy = await asyncio.to_thread(start_proxy, "record", shop, *options)
    manifest = proxy.capture.with_name("c.manifest.json")
    segment = proxy.capture.with_name("c-0001.db")
    load = Load(proxy.url, readings())
    await until(lambda: committed(proxy.capture) > 0)
    os.kill(proxy.writer_pid, signal.SIGKILL)
    await until(segment.exists)
    await until(lambda: committed(proxy.capture) > 0)
    kept = committed(segment) + committed(proxy.capture)
    for pid in (proxy.process.pid, proxy.writer_pid, *proxy.worker_pids):
        os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(proxy.process.wait, 10)
    answered, cut = await load.stop()
    assert list(verify(manifest)) == []
    again = await asyncio.to_thread(start_proxy, "record", shop, *options, "--append")
    more = await send(again.url, 20)
    assert await again.stop_while_serving() == 0
    captured, lost = account(manifest)
    assert kept + more <= captured <= answered + cut + more
    assert set(lost) <= {"writer-dead", "worker-dead", "queue-full"}
    assert said_at_the_end(again.text()) == (more, {})
    assert all(is_sound(path) for path in (segment, proxy.capture))


def readings() -> Iterator[bytes]:
    """Bodies of 70 KB that are all different."""
    chance = random.Random(7)
    while True:
        yield json.dumps({"readings": [chance.random() for _ in range(4000)]}).encode()


def write_key(folder: Path) -> Path:
    path = folder / "key"
    path.write_text("5b" * 32)
    path.chmod(0o600)
    return path


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Makes folders that are disks of their own where this user may mount: `tmpfs` of 2 MB, `ext4` on a file."""
    mounted: list[Path] = []

    def make(kind: str) -> Path:
        folder = tmp_path / kind
        folder.mkdir()
        if kind == "ext4":
            image = tmp_path / "image"
            with image.open("wb") as file:
                file.truncate(24 << 20)
            subprocess.run(["mkfs.ext4", "-q", str(image)], capture_output=True, check=False)
            command = ["mount", "-o", "loop", str(image), str(folder)]
        else:
            command = ["mount", "-t", "tmpfs", "-o", "size=2m", "replay-test", str(folder)]
        with suppress(FileNotFoundError):
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                mounted.append(folder)
        (folder / "output.txt").symlink_to(tmp_path / f"{kind}.txt")  # the log is on another disk
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=True)


def fill(folder: Path) -> Callable[[], None]:
    """Take all room on a mounted folder; returns what gives it back."""
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return filler.unlink


def forbid_writing(pid: int) -> Callable[[], None]:
    """Every write beyond a file's first page is an I/O error for this process; returns what ends that."""
    kind, free = resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(pid, kind, (4096, resource.RLIM_INFINITY))

    def allow() -> None:
        resource.prlimit(pid, kind, free)

    return allow


async def test_a_disk_that_fails_for_a_while_costs_recorded_exchanges_only(
    start_proxy, shop: str, disk: Callable[[str], Path]
) -> None:
    """Full, and then with I/O errors: clients notice nothing, what was not stored is counted, recording goes on."""
    folder = disk("tmpfs")
    proxy = await asyncio.to_thread(start_proxy, "record", shop, folder=folder)
    sent = await send(proxy.url, 30)
    await until(lambda: committed(proxy.capture) == sent)
    for fault in (fill, forbid_writing):
        if fault is fill and not folder.is_mount():
            continue
        end = fault(folder if fault is fill else proxy.writer_pid)
        sent += await send(proxy.url, 200)
        await asyncio.sleep(1.0)
        end()
        stored = committed(proxy.capture)
        sent += await send(proxy.url, 30)
        await until(lambda: committed(proxy.capture) >= stored + 30)  # noqa: B023 - awaited in the same round
    assert await proxy.stop_while_serving() == 0
    captured, lost = account(proxy.capture)
    assert set(lost) == {"not-stored"}
    assert captured + lost["not-stored"] == sent
    assert is_sound(proxy.capture)


async def test_a_disk_that_fails_for_good_is_told_in_the_last_line(
    start_proxy, shop: str, disk: Callable[[str], Path]
) -> None:
    """The system remounts it read-only after an error, as ext4 does: traffic goes on, and the account is exact where
    it can still be given; what had been committed is there."""
    folder = disk("ext4")
    proxy = await asyncio.to_thread(start_proxy, "record", shop, folder=folder)
    early = await send(proxy.url, 30)
    await until(lambda: committed(proxy.capture) == early)
    if folder.is_mount():
        subprocess.run(["mount", "-o", "remount,abort", str(folder)], capture_output=True, check=False)
    else:
        forbid_writing(proxy.writer_pid)
    late = await send(proxy.url, 100)
    await asyncio.sleep(1.5)
    late += await send(proxy.url, 20)
    assert await proxy.stop_while_serving() == 0
    captured, lost = said_at_the_end(proxy.text())
    assert early <= captured
    assert captured + sum(lost.values()) == early + late
    assert set(lost) <= {"not-stored", "writer-dead", "writer-silent"}


async def test_a_corrupt_file_is_told_in_the_last_line(start_proxy, shop: str) -> None:
    """Somebody writes into the live file, then its writer dies and no other can open it: traffic goes on, nothing is
    overwritten, and the last line's account is exact."""
    proxy = await asyncio.to_thread(start_proxy, "record", shop)
    sent = await send(proxy.url, 300)
    await until(lambda: committed(proxy.capture) == sent)
    with proxy.capture.open("r+b") as file:
        file.write(b"\xff" * (64 << 10))
    sent += await send(proxy.url, 50)
    await asyncio.sleep(1.0)
    for pid in proxy.writer_pids:
        os.kill(pid, signal.SIGKILL)
    await until(lambda: "no writer can be started" in proxy.text())
    sent += await send(proxy.url, 50)
    assert await proxy.stop_while_serving() == 0
    captured, lost = said_at_the_end(proxy.text())
    assert captured + sum(lost.values()) == sent
    assert proxy.capture.read_bytes()[:16] == b"\xff" * 16
