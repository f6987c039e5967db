"""What a reloaded addon leaves to its successor: mitmproxy reloads a changed script, and recording must go on.

mitmproxy calls `done` of the old instance and loads the new one in the same step of its loop, so no exchange passes
between them. If no successor comes (the script is broken, or was taken away), the recording ends with the process.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from typing import Any

_parked: list[tuple[Any, Callable[[], None]]] = []


def park(state: Any, end: Callable[[], None]) -> None:
    """Keep `state` for the next instance; `end` closes it at the end of the process if nobody comes."""
    _parked.append((state, end))
    atexit.register(end)


def adopt() -> Any:
    """The state that a predecessor left, or None."""
    if not _parked:
        return None
    state, end = _parked.pop()
    atexit.unregister(end)
    return state
