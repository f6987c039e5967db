"""How the supervisor listens to a child without a thread: its lines as they come, until it falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from replay.record.child import ChildProcess

_REAP_SECONDS = 5.0
_STEP_SECONDS = 0.02


class Attention:
    """Calls `read` whenever the child has said something. `wake` ends a waiting early, for any reason."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def wake(self) -> None:
        self._news.set()

    async def pause(self, seconds: float) -> None:
        """Wait for so long, or until woken."""
        self._news.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    async def hear(self, child: ChildProcess, read: Callable[[], None], seconds: float | None = None) -> bool:
        """Until the child is silent for good (True), or woken, or late (False)."""
        loop, output = asyncio.get_running_loop(), child.output

        def news() -> None:
            read()
            if child.has_fallen_silent:
                loop.remove_reader(output)
                self._news.set()

        self._news.clear()
        loop.add_reader(output, news)
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(output)
        return child.has_fallen_silent

    @staticmethod
    async def reap(child: ChildProcess) -> int:
        """Its exit status, soon after it fell silent; it is killed if it lingers."""
        deadline = asyncio.get_running_loop().time() + _REAP_SECONDS
        while child.is_alive and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - Popen has no event
            await asyncio.sleep(_STEP_SECONDS)
        if child.is_alive:
            child.kill()
        child.close()
        return child.status or 0
