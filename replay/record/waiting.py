"""Waiting for one descriptor: until it can be read, or written.

Rule: `poll`, never `select`, which refuses descriptors above 1023; a proxy has one for each open connection.
"""

from __future__ import annotations

import select

_MILLISECONDS = 1000


def is_readable(fd: int, seconds: float) -> bool:
    """True when reading would not wait: there is something, or its end. Waits so long for that."""
    return _is_ready(fd, select.POLLIN, seconds)


def is_writable(fd: int, seconds: float) -> bool:
    """True when writing would not wait: there is room, or nobody reads any more. Waits so long for that."""
    return _is_ready(fd, select.POLLOUT, seconds)


def _is_ready(fd: int, what: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(fd, what)
    return bool(poll.poll(max(0.0, seconds) * _MILLISECONDS))
