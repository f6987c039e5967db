"""What player and driver cost, CPU microseconds a request: `python tests/benchmarks/drive_cost.py`.

A client answers through a future of the event loop, as a connection would, and costs a known little; rebinding and
sockets are left out. Kinds of work: many sessions side by side as fast as order allows; the same with two governors;
a closed loop; one long plan by rate that is always late (so that no timer is waited for). `bare` is a loop that calls
the client and nothing else: it is taken off. The collector is off while it is measured, as its share is that of
whoever keeps the attempts.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

from make import exchange, response
from replay.correlate.rebinder import Rewritten
from replay.engine.clock import SystemClock
from replay.engine.drive import StopFlag, drive
from replay.model.case import Step
from replay.model.evidence import Part
from replay.pace.closed import Closed
from replay.pace.constant import Constant
from replay.pace.governor import Together, Unlimited
from replay.pace.plan import Plan
from replay.play.cue import Cue
from replay.play.player import Player
from replay.wire.client import Sent

CLOCK = SystemClock()
ANSWER = response(200)
SIDE_BY_SIDE = 50


class Plain:
    def rewrite(self, step, cast=""):
        return Rewritten(step.request)

    def absorb(self, exchange_id, outcome):
        return None


class Null:
    async def send(self, request, gate=None, **_):
        begun = CLOCK.now()
        loop = asyncio.get_running_loop()
        answered = loop.create_future()
        loop.call_soon(answered.set_result, None)
        await answered
        return Sent(ANSWER, begun, begun, CLOCK.now())


def cues_of(sessions: int, steps: int) -> list[Cue]:
    request, out = exchange("e", "GET", "/e").request, []
    for session in range(sessions):
        for n in range(steps):
            after = frozenset({len(out) - 1}) if n else frozenset()
            step = Step(f"e{session}-{n}", request)
            out.append(Cue(len(out), step, f"s{session}", None, Part.JUDGED, after, offset=float(n)))
    return out


async def bare(cues: Sequence[Cue]) -> None:
    client, left = Null(), iter(cues)

    async def work() -> None:
        for cue in left:
            await client.send(cue.step.request)

    async with asyncio.TaskGroup() as group:
        for _ in range(SIDE_BY_SIDE):
            group.create_task(work())


def driven(plan: Plan, *, is_governed: bool = False) -> Callable[[Sequence[Cue]], Awaitable[None]]:
    async def go(cues: Sequence[Cue]) -> None:
        governor = Together((Unlimited(), Unlimited())) if is_governed else None
        player = Player(cues, plan, Plain(), SIDE_BY_SIDE, governor)
        assert len(await drive(player, Null(), CLOCK, 0.0, lambda _: "GET /e", StopFlag())) == len(cues)

    return go


VARIANTS: dict[str, Callable[[Sequence[Cue]], Awaitable[None]]] = {
    "bare": bare,
    "as fast as possible": driven(Plan()),
    "with two governors": driven(Plan(), is_governed=True),
    "closed loop": driven(Plan(closed=Closed(SIDE_BY_SIDE, 0.0))),
    "late plan": driven(Plan(Constant(1e6))),
}


def measure(work: Callable[[Sequence[Cue]], Awaitable[None]], cues: Sequence[Cue]) -> float:
    gc.collect()
    gc.disable()
    try:
        began = time.process_time()
        asyncio.run(work(cues))
        return (time.process_time() - began) / len(cues) * 1e6
    finally:
        gc.enable()


def main(arguments: list[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    cues = cues_of(max(1, options.requests // SIDE_BY_SIDE), SIDE_BY_SIDE)
    rounds = [{name: measure(work, cues) for name, work in VARIANTS.items()} for _ in range(options.rounds)]
    found = {name: statistics.median(one[name] for one in rounds) for name in VARIANTS}
    print(f"{len(cues)} requests, CPU us a request, medians of {options.rounds} rounds")
    for name, cost in found.items():
        own = "" if name == "bare" else f"  of that player and driver {cost - found['bare']:5.2f}"
        print(f"{name:20} {cost:6.2f}{own}")
    print(json.dumps(found))
    return found


if __name__ == "__main__":
    main()
