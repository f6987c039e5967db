"""Ctrl-C as an event, for work that ends between two records and keeps what it has."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """Ctrl-C sets the event, so that no record is left between two counts; the second one raises as usual."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # Python's signals are the main thread's
        yield stop
        return

    def note(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
