"""Waiting until a database is quiet: background jobs must not be charged to the next request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable

_FASTEST_SECONDS = 0.005
_SLOWEST_SECONDS = 0.05


async def wait_quiet(gate: Callable[[], Awaitable[Hashable]], quiet_seconds: float, limit_seconds: float) -> bool:
    """True once `gate` has answered the same for `quiet_seconds`; False when that never came within the limit.

    The gate is any value that differs after a commit. The event loop's clock is the only one read.
    """
    clock = asyncio.get_running_loop().time
    pause = min(_SLOWEST_SECONDS, max(_FASTEST_SECONDS, quiet_seconds / 10))
    started = still_since = clock()
    last = await gate()
    while clock() - still_since < quiet_seconds:
        if clock() - started >= limit_seconds:
            return False
        await asyncio.sleep(pause)
        now = await gate()
        if now != last:
            last, still_since = now, clock()
    return True
