"""A unit test touches nothing: no network, no process, no database, no file is written, nobody sleeps.

Rule: reading a file of the repository is allowed; everything else raises `TouchedError` where it happens.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator

import pytest

FORBIDDEN = frozenset(
    {
        "socket.connect",
        "socket.bind",
        "socket.sendto",
        "socket.getaddrinfo",
        "sqlite3.connect",
        "subprocess.Popen",
        "os.system",
        "os.fork",
        "os.posix_spawn",
        "os.exec",
    }
)
TOOLING = ("__pycache__", ".hypothesis", os.devnull)  # what Python and hypothesis write by themselves
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_watching = False


class TouchedError(RuntimeError):
    """A unit test reached for the world outside."""


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    """A CPython audit hook (PEP 578): sees every way to the same act. It cannot be removed, only told to look away."""
    if not _watching:
        return
    if event in FORBIDDEN:
        raise TouchedError(f"a unit test may not use {event}")
    if event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & _WRITING and not any(part in str(path) for part in TOOLING):
            raise TouchedError("a unit test may not write a file")


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def _touch_nothing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    global _watching

    def no_sleep(seconds: float) -> None:
        raise TouchedError("a unit test may not sleep: time is an argument")

    pause = asyncio.sleep

    async def only_yield(seconds: float, result: object = None) -> object:
        if seconds > 0:
            raise TouchedError("a unit test may not sleep: time is an argument")
        return await pause(0, result)

    monkeypatch.setattr(time, "sleep", no_sleep)
    monkeypatch.setattr(asyncio, "sleep", only_yield)
    _watching = True
    yield
    _watching = False
