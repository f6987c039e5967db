"""Adaptive load: it starts low, doubles until the target complains, then rises slowly and halves at every complaint.

    rate
      |      /|      __.-'|      __.-'|         doubling, then additive increase, multiplicative decrease (AIMD,
      |    _/ |  __.-'    |  __.-'    |         RFC 5681 section 3.1 for TCP); slower where it was refused before
      |__-'   |.-'        |.-'        |...
      +------------------------------------ time

Complaints: 429, or 503 with Retry-After; the slowest twentieth of answers beyond `p95_seconds`; more errors than
`error_share`. Rule: a complaint about a request that was sent before the last cut is no news: a burst of refusals
halves once. What is asked for (Retry-After) holds for the whole target, not for one endpoint: limits are mostly
counted per client, and of two readings the gentler one does no harm.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from replay.model.exchange import Outcome, Request
from replay.pace.overload import is_error, is_throttled, retry_after

_PAUSE_SECONDS = 0.5  # after a refusal that does not say for how long
_FEW = 20  # answers: below, a share or a percentile says nothing
_RISE = 0.05  # of the rate that was refused, a second
_NEAR = 0.85  # of the rate that was refused: from here on the rise is four times slower
_PAST = 1.15  # of it, and not refused: the target can do more than it could
_RISE_BEYOND = 0.2  # then, of the rate that is, a second


@dataclass(frozen=True, slots=True)
class Load:
    """Rates are requests a second. `p95_seconds` infinite: latency is no complaint."""

    start: float = 5.0
    floor: float = 0.5
    ceiling: float = 1000.0
    p95_seconds: float = math.inf
    error_share: float = 0.2


@dataclass(slots=True)
class Adaptive:
    """`rate`: requests a second that it allows now; `cuts`: how often it was halved."""

    load: Load = Load()
    reason: str = ""
    rate: float = field(default=0.0, init=False)
    cuts: int = field(default=0, init=False)
    _refused_at: float = math.inf
    _doubling_until: float = math.inf
    _next: float = -math.inf
    _paused_until: float = -math.inf
    _last_cut: float = -math.inf
    _is_used: bool = True
    _latencies: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    _errors: deque[bool] = field(default_factory=lambda: deque(maxlen=100))

    def __post_init__(self) -> None:
        self.rate = min(self.load.start, self.load.ceiling)

    def wait(self, now: float, in_flight: int) -> float | None:  # noqa: ARG002 - a Governor
        return max(0.0, self._next - now, self._paused_until - now)

    def sent(self, now: float, request: Request) -> None:  # noqa: ARG002 - a Governor
        self._is_used = now - self._next <= max(0.1, 2 / self.rate)
        self._next = max(self._next, now) + 1 / self.rate

    def observed(self, now: float, latency_seconds: float, outcome: Outcome) -> None:
        asked_at = now - latency_seconds
        if is_throttled(outcome):
            pause = retry_after(outcome)
            self._paused_until = max(self._paused_until, now + (_PAUSE_SECONDS if pause is None else pause))
            self._cut(now, asked_at)
            return
        self._errors.append(is_error(outcome))
        self._latencies.append(latency_seconds)
        if self._is_suffering():
            self._cut(now, asked_at)
        elif self._is_used and not self._errors[-1]:
            self._rise()

    def _is_suffering(self) -> bool:
        if len(self._errors) < _FEW:
            return False
        if sum(self._errors) > self.load.error_share * len(self._errors):
            return True
        if math.isinf(self.load.p95_seconds):
            return False
        slow = sum(1 for one in self._latencies if one > self.load.p95_seconds)
        return slow > 0.05 * len(self._latencies)

    def _cut(self, now: float, asked_at: float) -> None:
        if asked_at < self._last_cut:
            return
        self._last_cut = now
        self._refused_at = self.rate
        self.rate = max(self.load.floor, self.rate / 2)
        self._doubling_until = self.rate
        self._next = max(self._next, now + 1 / self.rate)
        self._latencies.clear()
        self._errors.clear()
        self.cuts += 1

    def _rise(self) -> None:
        """For one good answer: at `rate` answers a second the steps add up to the rise of a second."""
        if self.rate < self._doubling_until:
            step = math.log(2)
        elif self.rate > _PAST * self._refused_at:
            step = _RISE_BEYOND
        else:
            share = _RISE if self.rate < _NEAR * self._refused_at else _RISE / 4
            step = share * min(self._refused_at, self.rate * 2) / self.rate
        self.rate = min(self.load.ceiling, self.rate + step)
