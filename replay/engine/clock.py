"""The only reader of the clock. Everything else takes time as an argument."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds on a clock that never jumps."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch, UTC."""
        ...


class SystemClock:
    now = staticmethod(time.perf_counter)  # without a call of ours around it: it is read four times a request

    def wall(self) -> float:
        return time.time()  # noqa: TID251 - the one place that may
