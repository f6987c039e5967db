"""Waiting for a quiet database, with real time (tens of milliseconds)."""

from __future__ import annotations

import asyncio
from itertools import count

from replay.probe.settle import wait_quiet


async def test_quiet_from_the_start() -> None:
    """True after the quiet time, not before."""
    clock = asyncio.get_running_loop().time

    async def gate() -> int:
        return 1

    started = clock()
    assert await wait_quiet(gate, 0.05, 1.0)
    assert 0.05 <= clock() - started < 0.5


async def test_every_commit_starts_the_quiet_time_again() -> None:
    """Two late commits push the end back."""
    clock = asyncio.get_running_loop().time
    started = clock()

    async def gate() -> int:
        return sum(clock() - started > late for late in (0.03, 0.06))

    assert await wait_quiet(gate, 0.06, 1.0)
    assert clock() - started >= 0.12


async def test_never_quiet() -> None:
    """False at the limit, so that the case is not judged."""
    ticks = count()

    async def gate() -> int:
        return next(ticks)

    assert not await wait_quiet(gate, 0.05, 0.15)
