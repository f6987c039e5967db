"""The guard of the unit tests guards."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__)


def connect() -> None:
    with socket.socket() as one:
        one.connect(("127.0.0.1", 9))


def bind() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))


ACTS: list[tuple[str, Callable[[], object]]] = [
    ("open for writing", lambda: (HERE.parent / "never").open("w")),
    ("open for appending", lambda: HERE.open("a")),
    ("open below Python's open", lambda: os.open(HERE, os.O_RDWR)),
    ("write_text", lambda: (HERE.parent / "never").write_text("")),
    ("connect", connect),
    ("listen", bind),
    ("resolve a name", lambda: socket.getaddrinfo("localhost", 80)),
    ("a database, even in memory", lambda: sqlite3.connect(":memory:")),
    ("a process", lambda: subprocess.run([sys.executable, "-V"], check=False)),
    ("sleep", lambda: time.sleep(0.001)),
    ("sleep in a loop", lambda: asyncio.run(asyncio.sleep(0.001))),
]


@pytest.mark.parametrize("act", [row[1] for row in ACTS], ids=[row[0] for row in ACTS])
def test_a_unit_test_touches_nothing(act: Callable[[], object]) -> None:
    """Each way out is shut, and the message says which."""
    with pytest.raises(RuntimeError, match="a unit test may not"):
        act()
    assert not (HERE.parent / "never").exists()


def test_reading_the_repository_is_allowed() -> None:
    """A test may read the source it speaks of."""
    assert HERE.read_text().startswith('"""The guard')


async def test_yielding_is_allowed() -> None:
    """sleep(0) gives way to other tasks; it waits for nothing."""
    assert await asyncio.sleep(0, "x") == "x"
