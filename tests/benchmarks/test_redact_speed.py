"""What redaction of a bank's traffic costs, beside orjson on the same bodies and, on request, beside an older checkout.

    REPLAY_OLDER=/path/to/checkout python -m pytest -s tests/benchmarks/test_redact_speed.py

CPU time of this thread in microseconds, the lower quintile of many exchanges: other programs only ever add to it.
Cold: nothing is known, and the key's tables are made as well. Mixed: known clients, a fifth of the records new. Warm:
the same exchanges for the third time (at the second the second look learns what comes again).
Outputs are asserted, times and ratios are printed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import thread_time_ns

import orjson

from replay.model.exchange import Exchange
from replay.redact.contract import Notes, Side
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from unit.redact.bank_traffic import Bank

KEY = bytes(range(32))
ROUNDS = 60
SIZES = {"headers only": (0, 0), "1 KB": (0, 1024), "POST, 1 KB both ways": (1024, 1024), "10 KB": (0, 10_240),
         "20 KB": (0, 20_480)}  # fmt: skip
Figures = dict[str, float]


def lower_quintile(times: list[float]) -> float:
    return sorted(times)[len(times) // 5]


def cost(work: Callable[[Exchange], object], exchanges: Iterable[Exchange]) -> float:
    times = []
    for exchange in exchanges:
        started = thread_time_ns()
        work(exchange)
        times.append((thread_time_ns() - started) / 1000)
    return lower_quintile(times)


def cold(exchange: Exchange) -> None:
    Policy(Pseudonym(KEY)).redact(exchange)


def figures() -> Figures:
    """What each size costs in each state, and the walk of a warm 10 KB document as a multiple of orjson's work."""
    out: Figures = {}
    for name, sizes in SIZES.items():
        bank = Bank()
        first, second = ([bank.exchange(*sizes) for _ in range(ROUNDS)] for _ in range(2))
        policy = Policy(Pseudonym(KEY))
        out[f"{name}, cold"] = cost(cold, first[:20])
        cost(policy.redact, first)
        out[f"{name}, mixed"] = cost(policy.redact, second)
        cost(policy.redact, second)
        out[f"{name}, warm"] = cost(policy.redact, second)
    out.update(walk())
    return out


def walk() -> Figures:
    """One document of 10 KB, again and again."""
    data, pseudonym = Bank().body(10_240).data, Pseudonym(KEY)
    plain, walked = [], []
    for _ in range(200):
        started = thread_time_ns()
        orjson.dumps(orjson.loads(data))
        between = thread_time_ns()
        orjson.dumps(Rewriter(pseudonym, Notes(), Side.RESPONSE).tree(orjson.loads(data), "body"))
        plain.append((between - started) / 1000)
        walked.append((thread_time_ns() - between) / 1000)
    base = lower_quintile(plain)
    return {"orjson, 10 KB": base, "walk, 10 KB, warm": lower_quintile(walked)}


def older(checkout: str) -> Figures:
    """The same figures of another checkout's code, measured by this file in a process of its own."""
    paths = os.pathsep.join((checkout, str(Path(__file__).parents[1])))
    command = [sys.executable, __file__]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=True)
    told: Figures = json.loads(done.stdout)
    return told


def test_cost_of_redaction_in_bank_traffic() -> None:
    """Whatever is remembered, the outputs are those of a policy that remembers nothing; the costs are printed."""
    bank = Bank()
    exchanges = [bank.exchange(512, 2048) for _ in range(12)]
    policy = Policy(Pseudonym(KEY))
    for _ in range(3):
        for exchange in exchanges:
            known, fresh = policy.redact(exchange), Policy(Pseudonym(KEY)).redact(exchange)
            assert (known.exchange, known.fields) == (fresh.exchange, fresh.fields)
    now = figures()
    before = older(os.environ["REPLAY_OLDER"]) if os.environ.get("REPLAY_OLDER") else {}
    base = now["orjson, 10 KB"]
    for name, micros in now.items():
        beside = f", {micros / before[name]:.2f} x the older one ({before[name]:.0f} us)" if name in before else ""
        print(f"{name:28s}{micros:8.0f} us = {micros / base:6.1f} x orjson on 10 KB{beside}")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(figures()))
