"""CPU of a clean run by stage, beside a plain HTTP client that only sends: `replayer_pipeline.py [EXCHANGES]`.

    read, learn | rebind, send, receive (twice) | redact | compare, judge | store

Figures are microseconds of the client's CPU; the server is `light_target.py` in a process of its own. The whole run is
measured as users run it, with one worker and with two. For orientation only, from other machines and not measured here:
GoReplay, which keeps no session and compares nothing, was measured at 43 to 50 us for each request that it sends.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiohttp

from benchmarks.large_capture import sessions, write
from benchmarks.light_target import light_target
from benchmarks.replayer_memory import measure
from replay.compose.config import Config
from replay.compose.material import Material
from replay.compose.runs import RunRequest, execute
from replay.engine import clean
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.redact.live import LiveRedaction
from replay.store.run_pending import PendingFile
from replay.store.run_writer import RunWriter

CONNECTIONS = 16


class Stages:
    """CPU seconds by name; a stage inside another one counts for itself alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._open: list[str] = []
        self._since = 0.0

    def _count(self) -> None:
        now = time.process_time()
        if self._open:
            self.seconds[self._open[-1]] = self.seconds.get(self._open[-1], 0.0) + now - self._since
        self._since = now

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._count()
        self._open.append(name)
        try:
            yield
        finally:
            self._count()
            self._open.pop()

    def timed(self, name: str, function: Callable[..., object]) -> Callable[..., object]:
        def inner(*words: object, **named: object) -> object:
            with self.stage(name):
                return function(*words, **named)

        return inner

    def timed_generator(self, name: str, function: Callable[..., Iterator[object]]) -> Callable[..., Iterator[object]]:
        def inner(*words: object, **named: object) -> Iterator[object]:
            found = function(*words, **named)
            while True:
                with self.stage(name):
                    one = next(found, None)
                if one is None:
                    return
                yield one

        return inner


async def plain(url: str, exchanges: int) -> float:
    """CPU seconds of aiohttp's session that sends the same requests, each session's one after another."""
    waiting = iter(list(sessions(exchanges)))

    async def one(client: aiohttp.ClientSession) -> None:
        for _, _, made in waiting:
            for exchange in made:
                request = exchange.request
                async with client.request(
                    request.method, url + request.target, headers=dict(request.headers.fields), data=request.body.data
                ) as answer:
                    await answer.read()

    begun = time.process_time()
    async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(one(client))
    return time.process_time() - begun


async def by_stage(capture: Path, url: str, out: Path, keep: bool) -> tuple[Stages, int]:
    """One run in this process with its stages told apart, and the requests that it sent."""
    stages = Stages()
    from replay.compose import stages as building  # the run's own functions are wrapped where they are looked up

    saved = {}

    def wrap(owner: object, name: str, stage: str, how: Callable[..., object]) -> None:
        saved[owner, name] = getattr(owner, name)
        setattr(owner, name, how(stage, saved[owner, name]))

    wrap(Material, "each", "read", stages.timed_generator)
    wrap(Material, "whole", "read", stages.timed)
    wrap(building.Stages, "of", "learn", stages.timed)
    wrap(clean, "learn_from_replay", "learn", stages.timed)
    wrap(clean.CleanReplays, "_measure", "compare", stages.timed)
    wrap(clean.CleanReplays, "_evidence", "compare", stages.timed)
    wrap(clean.CleanReplays, "_verdicts", "compare", stages.timed)
    wrap(LiveRedaction, "attempt", "redact", stages.timed)
    wrap(RunWriter, "on_event", "store", stages.timed)
    wrap(PendingFile, "answered", "store", stages.timed)
    try:
        request = RunRequest("run", capture, url, out, RunSettings(), Config(), keep_live_values=keep)
        with stages.stage("rebind, send, receive"):
            summary = await execute(request, (), StopFlag())
    finally:
        for (owner, name), function in saved.items():
            setattr(owner, name, function)
    return stages, summary.requests_sent


def compare(folder: Path, exchanges: int) -> None:
    capture = write(folder / "capture.db", exchanges)
    with light_target() as url:
        sending = asyncio.run(plain(url, exchanges)) / exchanges * 1e6
        print(f"aiohttp ClientSession, sending alone: {sending:.0f} us per request")
        for keep in (True, False):
            stages, sent = asyncio.run(by_stage(capture, url, folder / f"stages{keep}.db", keep))
            print(f"live values {'kept' if keep else 'redacted'}: us per request sent ({sent} requests)")
            for name, seconds in stages.seconds.items():
                cost = seconds / sent * 1e6
                print(f"  {name:<24} {cost:7.0f}   {cost / sending:6.2f} x sending alone")
            whole = sum(stages.seconds.values()) / sent * 1e6
            print(f"  {'whole':<24} {whole:7.0f}   {whole / sending:6.2f} x sending alone")
    for workers in (1, 2):
        one = measure(folder, exchanges, "--workers", str(workers), "--keep-live-values", name=f"workers{workers}")
        cost = one["cpu_us"] / 2
        print(f"{workers} worker(s), start and end included: {cost:.0f} us per request, {one['seconds']:.1f} s")


def main(words: list[str]) -> int:
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), int(words[0]) if words else 8_000)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
