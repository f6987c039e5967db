"""What tests of the recorder's faults share: traffic whose answers are checked, and what became of it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from itertools import repeat
from pathlib import Path

from aiohttp import ClientError, ClientSession

from replay.store.capture_reader import CaptureReader

ANSWER = b'{"id": 17, "title": "Intro"}'
PATIENCE_SECONDS = 60.0  # a machine that is busy with something else


async def send(url: str, count: int, path: str = "/courses/17", answer: bytes = ANSWER) -> int:
    """Requests on four connections that stay open; the answers must be those of the upstream. Returns `count`."""
    gate = asyncio.Semaphore(4)
    async with ClientSession(url) as client:

        async def one() -> None:
            async with gate, client.get(path) as got:
                assert (got.status, await got.read()) == (200, answer)

        await asyncio.gather(*(one() for _ in range(count)))
    return count


class Load:
    """POSTs one by one until `stop` (a client repeats a cut GET by itself): those answered in full, and those cut."""

    def __init__(self, url: str, bodies: Iterator[bytes] | None = None) -> None:
        self._url, self._bodies = url, bodies or repeat(ANSWER)
        self.answered = self.cut = 0
        self._ending = False
        self._task = asyncio.ensure_future(self._run())

    async def more(self, count: int) -> None:
        """Until so many more are answered."""
        wanted = self.answered + count
        await until(lambda: self._task.done() or self.answered >= wanted)

    async def stop(self) -> tuple[int, int]:
        self._ending = True
        await self._task
        return self.answered, self.cut

    async def _run(self) -> None:
        while not self._ending:
            async with ClientSession(self._url, headers={"Content-Type": "application/json"}) as client:
                try:
                    while not self._ending:
                        body = next(self._bodies)
                        async with client.post("/echo", data=body) as answer:
                            assert (answer.status, await answer.read()) == (200, body)
                            self.answered += 1
                except ClientError:
                    self.cut += 1
                    await asyncio.sleep(0.02)


async def both_ways(check: Callable[[str, Path], Awaitable[None]], folder: Path) -> None:
    """The same check with mitmdump and with `replay record`, side by side: most of its time is waiting."""

    async def one(way: str) -> None:
        (folder / way).mkdir()
        await check(way, folder / way)

    await asyncio.gather(one("mitmdump"), one("record"))


def account(path: Path) -> tuple[int, dict[str, int]]:
    """What is captured, and what is not, by reason."""
    with CaptureReader.open(path) as reader:
        return reader.contents().exchanges, {loss.reason: loss.count for loss in reader.losses()}


def committed(path: Path) -> int:
    """Exchanges in a file that is being written."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM exchange").fetchone()[0])
    except sqlite3.OperationalError:  # just being made, or locked
        return 0


def is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


async def until(is_so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        await asyncio.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def one_other_than(now: Callable[[], Sequence[int]], before: Sequence[int]) -> Callable[[], bool]:
    """True when there are as many as before, and none of them."""
    return lambda: len(now()) == len(before) and not set(now()) & set(before)
