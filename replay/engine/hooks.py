"""Puts the target back to its start before it is replayed against: a command, a SQL script, or nothing at all.

Rule: a reset that fails ends the run before the next request; its output is nobody's to show (it may quote rows), so
only the exit status is told.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from replay.model.errors import ResetError

RunSql = Callable[[str, str, float], Awaitable[None]]
"""(database URL, script, seconds): runs the script or raises ResetError."""


@dataclass(frozen=True, slots=True, repr=False)
class Reset:
    """Neither `command` nor `script`: fresh values alone keep runs apart. `between`: before every clean replay."""

    command: tuple[str, ...] = ()
    script: str = ""
    database: str = ""
    timeout_seconds: float = 60.0
    between: bool = False

    @property
    def is_needed(self) -> bool:
        return bool(self.command or self.script)


async def reset(plan: Reset, run_sql: RunSql, told: Mapping[str, str]) -> None:
    """Run it to its end. `told` goes to the command as environment variables. Raises ResetError."""
    if plan.command:
        await _run(plan.command, plan.timeout_seconds, told)
    elif plan.script:
        await run_sql(plan.database, plan.script, plan.timeout_seconds)


async def _run(command: tuple[str, ...], timeout_seconds: float, told: Mapping[str, str]) -> None:
    name = os.path.basename(command[0])  # noqa: PTH119 - a word of a command line, not a path to open
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **told},
        )
    except OSError as error:
        raise ResetError(f"The reset command {name} cannot be started: {os.strerror(error.errno or 0)}.") from None
    try:
        async with asyncio.timeout(timeout_seconds):
            status = await process.wait()
    except TimeoutError:
        raise ResetError(f"The reset command {name} did not end within {timeout_seconds:g} seconds.") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if status:
        raise ResetError(f"The reset command {name} failed with exit status {status}; nothing was sent after it.")
