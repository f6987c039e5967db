"""Child processes of the demo: each ends with us, whatever happens to us.

Rule: a child is told to end when its stdin does, so that even a SIGKILL of the parent leaves nothing running.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
from types import TracebackType

from replay.model.errors import ReplayError

START_SECONDS = 20.0
END_SECONDS = 15.0
_LOOK_EVERY_SECONDS = 0.02


class Child:
    """`python -m MODULE …` that says on stdout or stderr where it listens. An async context manager.

    `announcement` is a pattern whose first group is the URL to return. What the child says goes to an unnamed file:
    a pipe that nobody reads would stop it.
    """

    def __init__(self, name: str, arguments: list[str], announcement: str) -> None:
        self._name = name
        self._arguments = arguments
        self._announcement = re.compile(announcement)
        self._process: asyncio.subprocess.Process | None = None
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed in end()
        self.url = ""

    async def __aenter__(self) -> Child:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=self._said,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C on the terminal is ours to pass on, in order
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                self.url = await self._announced(self._process)
        except TimeoutError:
            await self.end()
            raise ReplayError(f"The demo's {self._name} did not start within {START_SECONDS:.0f} s.") from None
        except BaseException:
            await self.end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()

    async def end(self) -> None:
        """SIGTERM, then wait; SIGKILL when it takes too long. Calling it twice is fine."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        if process.stdin:
            process.stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        self._said.close()

    def said(self, pattern: str) -> str:
        """The first group of what it has said; an empty text when it did not."""
        match = re.search(pattern, self._text())
        return match[1] if match else ""

    async def _announced(self, process: asyncio.subprocess.Process) -> str:
        while True:
            ended = process.returncode is not None
            text = self._text()
            match = self._announcement.search(text)
            if match:
                return match[1]
            if ended:
                last = text.strip().splitlines()[-1:] or ["it said nothing"]
                raise ReplayError(f"The demo's {self._name} ended before it was ready: {last[0]}")
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def _text(self) -> str:
        size = os.fstat(self._said.fileno()).st_size
        return os.pread(self._said.fileno(), size, 0).decode("utf-8", "replace")
