"""Child processes of the demo: each ends with us, whatever happens to us.

Rule: a child is told to end when its stdin does, so that even a SIGKILL of the parent leaves nothing running.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType

from replay.model.errors import ReplayError

START_SECONDS = 20.0
END_SECONDS = 15.0


class Child:
    """`python -m MODULE …` that says on stdout or stderr where it listens. An async context manager.

    `announcement` is a pattern whose first group is the URL to return.
    """

    def __init__(self, name: str, arguments: list[str], announcement: str) -> None:
        self._name = name
        self._arguments = arguments
        self._announcement = re.compile(announcement)
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None
        self._last: deque[str] = deque(maxlen=5)
        self.url = ""

    async def __aenter__(self) -> Child:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C on the terminal is ours to pass on, in order
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                self.url = await self._announced()
        except TimeoutError:
            await self.end()
            raise ReplayError(f"The demo's {self._name} did not start within {START_SECONDS:.0f} s.") from None
        except BaseException:
            await self.end()
            raise
        self._drain = asyncio.ensure_future(self._read_on())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()

    async def end(self) -> None:
        """SIGTERM, then wait; SIGKILL when it takes too long. Calling it twice is fine."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            if process.stdin:
                process.stdin.close()
            try:
                async with asyncio.timeout(END_SECONDS):
                    if self._drain is None:
                        await process.communicate()
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._drain:
            await self._drain
            self._drain = None

    async def _announced(self) -> str:
        async for line in self._lines():
            match = self._announcement.search(line)
            if match:
                return match[1]
        said = self._last[-1] if self._last else "it said nothing"
        raise ReplayError(f"The demo's {self._name} ended before it was ready: {said}")

    async def _read_on(self) -> None:
        async for _ in self._lines():
            pass

    async def _lines(self) -> AsyncIterator[str]:
        stream = self._process.stdout if self._process else None
        while stream and (raw := await stream.readline()):
            line = raw.decode("utf-8", "replace").strip()
            self._last.append(line)
            yield line
