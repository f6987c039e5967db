"""What sending costs the client, side by side: `python tests/benchmarks/replayer_wire.py`.

CPU microseconds per request of the client's process alone; the server is `bare_server.py` in a process of its own.
Variants in turn, in one run; medians over the rounds. uvloop, wrk, httperf and Locust take part where they are.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from replay.model.body import Body
from replay.model.exchange import Request, Response
from replay.model.headers import Headers
from replay.wire.client import Client, send_together
from replay.wire.options import Lane, WireOptions
from replay.wire.target import Target

FOLDER = Path(__file__).parent
CONNECTIONS = 50
COPIES = 20
HEADERS = [
    ("Host", "prod.example"), ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:132.0)"), ("Accept", "*/*"),
    ("Accept-Encoding", "gzip, deflate, br"), ("Authorization", "Bearer 0123456789abcdef0123456789abcdef"),
    ("X-Request-Id", "4f2c7a81"), ("Cookie", "sid=0123456789abcdef; theme=dark"),
]  # fmt: skip


@contextmanager
def bare_server() -> Iterator[int]:
    """Its port."""
    command = [sys.executable, str(FOLDER / "bare_server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def variants() -> dict[str, bool]:
    """Name, and whether it is here."""
    has_uvloop = importlib.util.find_spec("uvloop") is not None
    return {
        "fast lane": True,
        "fast lane, uvloop": has_uvloop,
        "general lane": True,
        "general lane, uvloop": has_uvloop,
        "aiohttp ClientSession": True,
        "Locust FastHttpUser": importlib.util.find_spec("locust") is not None,
        "wrk": shutil.which("wrk") is not None,
        "httperf": shutil.which("httperf") is not None,
    }


async def over_lane(lane: Lane, port: int, count: int) -> float:
    """CPU seconds."""
    target = Target("http", "127.0.0.1", port, "127.0.0.1")
    request = Request("GET", "/api/things/12345", Headers.of(HEADERS))
    left = iter(range(count))

    async def play(client: Client) -> None:
        for _ in left:
            outcome = (await client.send(request)).outcome
            if not isinstance(outcome, Response) or outcome.status != 200 or len(outcome.body.data) < 400:
                raise RuntimeError("not the answer that the server gave")

    async with Client(target, time.monotonic, run_id="bench", options=WireOptions(lane=lane)) as client:
        await asyncio.gather(*(client.send(request) for _ in range(CONNECTIONS)))  # connect
        began = time.process_time()
        await asyncio.gather(*(play(client) for _ in range(CONNECTIONS)))
        return time.process_time() - began


async def over_session(port: int, count: int) -> float:
    """CPU seconds of aiohttp as people use it."""
    left = iter(range(count))

    async def play(session: aiohttp.ClientSession) -> None:
        for _ in left:
            async with session.get(f"http://127.0.0.1:{port}/api/things/12345", headers=HEADERS[1:]) as answer:
                if answer.status != 200 or len(await answer.read()) < 400:
                    raise RuntimeError("not the answer that the server gave")

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        began = time.process_time()
        await asyncio.gather(*(play(session) for _ in range(CONNECTIONS)))
        return time.process_time() - began


def over_locust(port: int, count: int) -> float:
    """CPU seconds per request times `count`: Locust runs for a time, not for a number."""
    from gevent import monkey

    monkey.patch_all()
    import gevent
    from locust import constant, task
    from locust.contrib.fasthttp import FastHttpUser
    from locust.env import Environment

    class User(FastHttpUser):
        host = f"http://127.0.0.1:{port}"
        wait_time = constant(0)

        @task
        def get(self) -> None:
            self.client.get("/api/things/12345", headers=dict(HEADERS[1:]))

    environment = Environment(user_classes=[User])
    runner = environment.create_local_runner()
    runner.start(CONNECTIONS, spawn_rate=CONNECTIONS)
    gevent.sleep(1.0)
    stats = environment.stats.total
    began, done = time.process_time(), stats.num_requests
    while stats.num_requests - done < count:
        gevent.sleep(0.1)
    spent, done = time.process_time() - began, stats.num_requests - done
    if stats.num_failures:
        raise RuntimeError("not the answer that the server gave")
    runner.quit()
    return spent / done * count


def over_tool(variant: str, port: int, count: int) -> float:
    """CPU microseconds per request of a program of its own, start included."""
    if variant == "wrk":
        seconds = max(1, count // 40_000)
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"http://127.0.0.1:{port}/api/things/12345"]
    else:
        command = ["httperf", "--server=127.0.0.1", f"--port={port}", "--uri=/api/things/12345", "--hog"]
        command += [f"--num-conns={CONNECTIONS}", f"--num-calls={count // CONNECTIONS}", "--rate=1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        text = process.stdout.read()
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    found = re.search(r"(\d+) requests in" if variant == "wrk" else r"replies (\d+)", text)
    assert found is not None, text
    return 1e6 * (used.ru_utime + used.ru_stime) / int(found[1])


def alone(variant: str, port: int, count: int) -> float:
    """CPU microseconds per request of this process."""
    if variant.startswith("Locust"):
        return 1e6 * over_locust(port, count) / count
    loop_factory = None
    if variant.endswith("uvloop"):
        import uvloop

        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        if variant.startswith("aiohttp"):
            return 1e6 * runner.run(over_session(port, count)) / count
        lane = Lane.AUTO if variant.startswith("fast") else Lane.GENERAL
        return 1e6 * runner.run(over_lane(lane, port, count)) / count


def measured(variant: str, port: int, count: int) -> float:
    """CPU microseconds per request, in a process of its own."""
    if variant in {"wrk", "httperf"}:
        return over_tool(variant, port, count)
    words = ["--alone", variant, "--port", str(port), "--requests", str(count)]
    command = [sys.executable, __file__, *words]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


async def spread(port: int, together: bool) -> float:
    """Microseconds between the first and the last of the copies, where the server reads them."""
    target = Target("http", "127.0.0.1", port, "127.0.0.1")
    request = Request("POST", "/", Headers(), Body(b"x" * 100_000))
    async with Client(target, time.monotonic) as client:
        await asyncio.gather(*(client.send(request) for _ in range(COPIES)))  # connect
        requests = (request,) * COPIES
        sent = (
            await send_together(client, requests)
            if together
            else await asyncio.gather(*(client.send(one) for one in requests))
        )
    seen = [int(one.outcome.body.data) for one in sent if isinstance(one.outcome, Response)]
    assert len(seen) == COPIES
    return (max(seen) - min(seen)) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(alone(options.alone, options.port, options.requests))
        return
    here = [name for name, is_here in variants().items() if is_here]
    with bare_server() as port:
        found: dict[str, list[float]] = {name: [] for name in here}
        for _ in range(options.rounds):
            for name in here:
                found[name].append(measured(name, port, options.requests))
        show(found)
        for together, words in ((True, "last bytes held back"), (False, "started together")):
            times = [asyncio.run(spread(port, together)) for _ in range(5 * options.rounds)]
            print(f"{COPIES} copies, {words}: {statistics.median(times):.0f} us from first to last (median)")


def show(found: dict[str, list[float]]) -> None:
    base = statistics.median(found["aiohttp ClientSession"])
    print(f"{'variant':<24}{'us/request':>12}{'per core-second':>17}{'of ClientSession':>18}")
    for name, rounds in found.items():
        middle = statistics.median(rounds)
        print(f"{name:<24}{middle:>12.1f}{1e6 / middle:>17,.0f}{middle / base:>18.2f}")
    missing = [name for name, is_here in variants().items() if not is_here]
    print(f"not here: {', '.join(missing) or 'none'}")


if __name__ == "__main__":
    main()
