"""How exactly requests leave on time, beside asyncio's own timer: `python tests/benchmarks/pace_precision.py`.

Poisson arrivals from a seed, one plan for all variants, which take turns so that a slow minute of the machine hits all
alike. Lag is the moment of sending minus the moment of the plan; `early` counts what left before its time.

    driver, timerfd    player, driver and alarm as `replay run --rate` has them, with a client that answers at once
    driver, call_at    the same with the event loop's own timer
    asyncio.sleep      a bare loop that sleeps until each request is due

On a machine with other work the maxima are the neighbours': look at p50 and p99, and run it again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from dataclasses import dataclass
from random import Random

from make import exchange, response
from replay.correlate.rebinder import Rewritten
from replay.engine import drive as driving
from replay.engine.alarm import LoopAlarm, alarm_for
from replay.engine.clock import SystemClock
from replay.model.case import Step
from replay.model.evidence import Part
from replay.pace.plan import Plan
from replay.pace.recorded import Recorded
from replay.play.cue import Cue
from replay.play.player import Player
from replay.wire.client import Sent

CLOCK = SystemClock()
ANSWER = response(200)
VARIANTS = ("driver, timerfd", "driver, call_at", "asyncio.sleep")


class Plain:
    def rewrite(self, step, cast=""):
        return Rewritten(step.request)

    def absorb(self, exchange_id, outcome):
        return None


class AtOnce:
    """A client that answers before anybody can wait for it."""

    async def send(self, request, gate=None, **_):
        now = CLOCK.now()
        return Sent(ANSWER, now, now, now)


@dataclass
class Figures:
    """One round: lags in microseconds, sorted, and CPU as a share of the time."""

    lags: list[float]
    cpu: float

    @property
    def p50(self) -> float:
        return self.lags[len(self.lags) // 2]

    @property
    def p99(self) -> float:
        return self.lags[len(self.lags) * 99 // 100]


def plan_of(rate: float, seconds: float, seed: int) -> list[float]:
    """Poisson arrivals: exponential gaps."""
    rng, out, at = Random(seed), [], 0.0
    while (at := at + rng.expovariate(rate)) < seconds:
        out.append(at)
    return out


async def driven(offsets: list[float]) -> list[float]:
    request = exchange("e", "GET", "/e").request
    cues = [
        Cue(n, Step(f"e{n}", request), f"s{n}", None, Part.JUDGED, offset=offset) for n, offset in enumerate(offsets)
    ]
    player = Player(cues, Plan(Recorded()), Plain(), 10_000)
    attempts = await driving.drive(player, AtOnce(), CLOCK, 0.0, lambda _: "", driving.StopFlag())
    return [one.sent - one.intended for one in attempts]


async def slept(offsets: list[float]) -> list[float]:
    start, out = CLOCK.now(), []
    for offset in offsets:
        wait = start + offset - CLOCK.now()
        if wait > 0:
            await asyncio.sleep(wait)
        out.append(CLOCK.now() - start - offset)
    return out


def measure(variant: str, offsets: list[float]) -> Figures:
    alarm = alarm_for if variant == "driver, timerfd" else LoopAlarm
    usual, driving.alarm_for = driving.alarm_for, alarm
    try:
        cpu, began = time.process_time(), time.perf_counter()
        lags = asyncio.run(slept(offsets) if variant == "asyncio.sleep" else driven(offsets))
        share = (time.process_time() - cpu) / (time.perf_counter() - began)
    finally:
        driving.alarm_for = usual
    return Figures(sorted(lag * 1e6 for lag in lags), share)


def main(arguments: list[str] | None = None) -> dict[str, dict[str, float]]:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rate", type=float, default=1000.0)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    rounds: dict[str, list[Figures]] = {name: [] for name in VARIANTS}
    for number in range(options.rounds):
        offsets = plan_of(options.rate, options.seconds, number)
        for name in VARIANTS:
            rounds[name].append(measure(name, offsets))
    found = {
        name: {
            "p50_us": statistics.median(one.p50 for one in all_),
            "p99_us": statistics.median(one.p99 for one in all_),
            "max_us": max(one.lags[-1] for one in all_),
            "cpu": statistics.median(one.cpu for one in all_),
            "early": sum(lag < 0 for one in all_ for lag in one.lags),
            "requests": sum(len(one.lags) for one in all_),
        }
        for name, all_ in rounds.items()
    }
    slowest = found["asyncio.sleep"]["p50_us"]
    print(f"{options.rate:.0f}/s, medians of {options.rounds} rounds of {options.seconds:.0f} s")
    for name, one in found.items():
        print(
            f"{name:18} lag p50 {one['p50_us']:7.0f} us  p99 {one['p99_us']:7.0f} us  max {one['max_us']:8.0f} us"
            f"  early {one['early']:.0f}  cpu {one['cpu']:4.0%}"
            f"  p50 {slowest / max(one['p50_us'], 1e-3):5.1f}x as exact"
        )
    print(json.dumps(found))
    return found


if __name__ == "__main__":
    main()
