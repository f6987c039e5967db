"""Wakes the driver at a time of the clock: by timerfd on Linux, else by the event loop.

An event loop's own timers are rounded up to a millisecond (epoll counts in milliseconds): measured 0.5 ms late in the
median at 1 000 requests/s. A timerfd is exact to the microsecond and is one more descriptor to the loop.

Rule: an alarm may be late, may ring for nothing, and may ring a few microseconds before its time: whoever is woken
looks at the clock, and sets it again.
"""

from __future__ import annotations

import asyncio
import ctypes
import math
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from replay.engine.clock import Clock, SystemClock

_TFD_NONBLOCK, _TFD_CLOEXEC, _TFD_TIMER_ABSTIME = 0o4000, 0o2000000, 1  # linux/timerfd.h
_PR_SET_TIMERSLACK, _PR_GET_TIMERSLACK = 29, 30  # linux/prctl.h
_SLACK_NS = 1  # the default lets the kernel be 50 000 ns late
_LEAD_NS = 25_000  # so long, and more, it takes from the timer to our first line (measured: 36 us in the median)
_NS = 1_000_000_000


class Alarm(Protocol):
    def set(self, at: float) -> None:
        """Ring once at `at`, seconds of the driver's clock; the time set before is forgotten."""
        ...

    def close(self) -> None: ...


class LoopAlarm:
    """The event loop's own timer."""

    def __init__(self, ring: Callable[[], None], clock: Clock) -> None:
        self._ring, self._clock = ring, clock
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None

    def set(self, at: float) -> None:
        self.close()
        self._handle = self._loop.call_later(max(0.0, at - self._clock.now()), self._ring)

    def close(self) -> None:
        if self._handle:
            self._handle.cancel()
            self._handle = None


class _Span(ctypes.Structure):
    _fields_ = [("sec", ctypes.c_long), ("nsec", ctypes.c_long)]


class _TimerSpec(ctypes.Structure):
    _fields_ = [("interval", _Span), ("value", _Span)]


class TimerFdAlarm:
    """A timerfd on CLOCK_MONOTONIC, which is what `time.perf_counter` reads on Linux."""

    def __init__(self, ring: Callable[[], None]) -> None:
        """Raises OSError where the kernel gives no timerfd, AttributeError where the C library knows none."""
        self._ring = ring
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.timerfd_create(time.CLOCK_MONOTONIC, _TFD_NONBLOCK | _TFD_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._spec = _TimerSpec()
        self._spec_at = ctypes.byref(self._spec)
        self._settime = self._libc.timerfd_settime
        self._slack = self._libc.prctl(_PR_GET_TIMERSLACK, 0, 0, 0, 0)
        self._libc.prctl(_PR_SET_TIMERSLACK, _SLACK_NS, 0, 0, 0)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._rang)
        self._at = math.inf

    def set(self, at: float) -> None:
        if at == self._at:
            return
        self._at = at
        value = self._spec.value
        value.sec, value.nsec = divmod(max(1, math.ceil(at * _NS) - _LEAD_NS), _NS)  # 0 would disarm
        self._settime(self._fd, _TFD_TIMER_ABSTIME, self._spec_at, None)

    def close(self) -> None:
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1
            self._libc.prctl(_PR_SET_TIMERSLACK, max(0, self._slack), 0, 0, 0)

    def _rang(self) -> None:
        self._at = math.inf
        self._ring()
        if self._at == math.inf and self._fd >= 0:  # setting it anew is as good as reading it, and was needed anyway
            with suppress(BlockingIOError):
                os.read(self._fd, 8)


def alarm_for(ring: Callable[[], None], clock: Clock) -> Alarm:
    """The most exact alarm that this machine has for `clock`."""
    is_monotonic = "CLOCK_MONOTONIC" in time.get_clock_info("perf_counter").implementation
    if sys.platform == "linux" and isinstance(clock, SystemClock) and is_monotonic:
        try:
            return TimerFdAlarm(ring)
        except (OSError, AttributeError):  # an old kernel, a sandbox, another C library
            return LoopAlarm(ring, clock)
    return LoopAlarm(ring, clock)
