"""What it costs to rebind a request, send it, receive its answer and learn from it: `replayer_sending.py`.

    session -> cue -> player -> rebinder -> guard, tags -> fast lane -> target -> answer -> rebinder -> attempt

CPU microseconds per request of the client's process alone, collector included; the server is `light_target.py` in a
process of its own. Rounds in turn, medians. Beside it, with the same requests and as many connections: aiohttp's
session, and geventhttpclient where it is installed. They send what was recorded as it is: they rebind nothing, keep no
order and no attempts. wrk, httperf and Locust stand in `replayer_wire.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiohttp

from benchmarks.large_capture import sessions
from benchmarks.light_target import light_target
from replay.compose.config_safety import Safety
from replay.compose.guarding import Keeper
from replay.correlate.bindings import Bindings
from replay.correlate.fresh import FreshPlan
from replay.correlate.learn import learn_with_fresh
from replay.correlate.rebinder import Rebinder
from replay.engine.clock import SystemClock
from replay.engine.drive import StopFlag, drive
from replay.engine.stage import Recording
from replay.model.session import Actor, Session
from replay.pace.plan import Plan
from replay.play.order import cues_of_capture
from replay.play.player import Player
from replay.wire.guard import GuardedClient
from replay.wire.target import resolve_target

CONNECTIONS = 16
CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Learned:
    sessions: tuple[Session, ...]
    recording: Recording
    bindings: Bindings
    fresh: FreshPlan


def learned(exchanges: int) -> Learned:
    """Many tenants, as the requests of one follow one another: else all clients would wait and not work."""
    made = tuple(
        Session(name, Actor(f"tenant-{number // 2}", actor.principal), tuple(each))
        for number, (name, actor, each) in enumerate(sessions(exchanges))
    )
    bindings, fresh = learn_with_fresh(made, lambda _endpoint, _place: "")
    return Learned(made, Recording.of(made), bindings, fresh)


async def replayed(known: Learned, url: str, world: int) -> float:
    """CPU seconds of one replay, from sessions to attempts."""
    target = resolve_target(url)
    keeper = Keeper.of(Safety(), target, "bench", lambda: False)
    async with GuardedClient(target, CLOCK.now, keeper.guard) as client:
        began = time.process_time()
        rebinder = Rebinder(known.bindings, known.fresh.renew(1, world), known.recording.exchanges)
        cues = cues_of_capture(known.sessions, known.bindings)
        player = Player(cues, Plan(), rebinder, CONNECTIONS, keeper.governor)
        attempts = await drive(player, client, CLOCK, CLOCK.now(), known.recording.endpoint, StopFlag())
        spent = time.process_time() - began
    wrong = [one for one in attempts if one.status != one.recorded_status or one.unresolved]
    if len(attempts) != len(known.recording.exchanges) or wrong:
        raise RuntimeError("not every request was answered as it was recorded")
    return spent


async def over_session(known: Learned, url: str) -> float:
    """CPU seconds of aiohttp's session."""
    left = iter([one for session in known.sessions for one in session.exchanges])

    async def work(session: aiohttp.ClientSession) -> None:
        for one in left:
            asked = one.request
            fields = asked.headers.without("host").fields
            async with session.request(
                asked.method, url + asked.target, headers=fields, data=asked.body.data
            ) as answer:
                await answer.read()

    began = time.process_time()
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(work(session))
    return time.process_time() - began


def over_gevent(known: Learned, url: str) -> float:
    """CPU seconds of geventhttpclient, the client below Locust's FastHttpUser."""
    import gevent.pool
    from geventhttpclient import HTTPClient

    client = HTTPClient.from_url(url, concurrency=CONNECTIONS)

    def one(asked: object) -> None:
        answer = client.request(asked.method, asked.target, asked.body.data, dict(asked.headers.fields))
        answer.read()

    began = time.process_time()
    pool = gevent.pool.Pool(CONNECTIONS)
    for session in known.sessions:
        for exchange in session.exchanges:
            pool.spawn(one, exchange.request)
    pool.join()
    client.close()
    return time.process_time() - began


def alone(variant: str, url: str, exchanges: int) -> list[float]:
    """CPU microseconds per request; of a replay: of the first one, and of the ones after it."""
    known = learned(exchanges)
    if variant == "geventhttpclient":
        return [over_gevent(known, url) / exchanges * 1e6]
    factory = None
    if variant.endswith("uvloop"):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        if variant.startswith("aiohttp"):
            return [runner.run(over_session(known, url)) / exchanges * 1e6]
        return [runner.run(replayed(known, url, world)) / exchanges * 1e6 for world in (1, 2, 3)]


def variants() -> dict[str, bool]:
    """Name, and whether it is here."""
    has_uvloop = importlib.util.find_spec("uvloop") is not None
    return {
        "replay": True,
        "replay, uvloop": has_uvloop,
        "aiohttp ClientSession": True,
        "aiohttp, uvloop": has_uvloop,
        "geventhttpclient": importlib.util.find_spec("geventhttpclient") is not None,
    }


def measured(variant: str, url: str, exchanges: int) -> list[float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--alone", variant, "--url", url, "--exchanges", str(exchanges)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--exchanges", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(*alone(options.alone, options.url, options.exchanges))
        return
    here = [name for name, is_here in variants().items() if is_here]
    found: dict[str, list[float]] = {}
    with light_target() as url:
        for _ in range(options.rounds):
            for name in here:
                first, *later = measured(name, url, options.exchanges)
                found.setdefault(name, []).append(statistics.median(later or [first]))
                if later:
                    found.setdefault(f"{name}, first time", []).append(first)
    base = statistics.median(found["aiohttp ClientSession"])
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {options.exchanges} exchanges")
    print(f"{'variant':<28}{'us/request':>12}{'of ClientSession':>18}")
    for name, rounds in found.items():
        middle = statistics.median(rounds)
        print(f"{name:<28}{middle:>12.1f}{middle / base:>18.2f}")
    missing = [name for name, is_here in variants().items() if not is_here]
    print(f"not here: {', '.join(missing) or 'none'}")


if __name__ == "__main__":
    main()
