"""The circuit breaker: after so many failures in a row nothing is sent for a while, then one request tries.

closed --failures in a row--> open --cooldown--> half open --success--> closed
                                ^                     |
                                +------ failure ------+     `most_openings` in a row: the run ends
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Outcome, Request
from replay.pace.overload import is_failing

_LOOK_AGAIN_SECONDS = 0.02  # while the one trial request of a half-open breaker is under way


@dataclass(slots=True)
class Breaker:
    """`failures` faults or gateway errors in a row open it; each opening in a row doubles the cooldown."""

    failures: int = 50
    cooldown_seconds: float = 1.0
    most_openings: int = 5
    reason: str = ""
    _in_a_row: int = 0
    _openings: int = 0
    _open_until: float | None = None  # None: closed
    _is_trying: bool = False

    def wait(self, now: float, in_flight: int) -> float | None:
        if self.reason:
            return None
        if self._open_until is None:
            return 0.0
        if now < self._open_until:
            return self._open_until - now
        return _LOOK_AGAIN_SECONDS if self._is_trying and in_flight else 0.0

    def sent(self, now: float, request: Request) -> None:  # noqa: ARG002 - a Governor
        if self._open_until is not None and now >= self._open_until:
            self._is_trying = True

    def observed(self, now: float, latency_seconds: float, outcome: Outcome) -> None:  # noqa: ARG002 - a Governor
        if not is_failing(outcome):
            self._in_a_row = self._openings = 0
            self._open_until, self._is_trying = None, False
            return
        self._in_a_row += 1
        if self._open_until is None and self._in_a_row >= self.failures:
            self._open(now)
        elif self._open_until is not None and self._is_trying and now >= self._open_until:
            self._open(now)

    @property
    def is_open(self) -> bool:
        return self._open_until is not None

    def _open(self, now: float) -> None:
        self._openings += 1
        self._is_trying = False
        self._open_until = now + self.cooldown_seconds * 2 ** (self._openings - 1)
        if self._openings >= self.most_openings:
            self.reason = f"target-failing: {self._in_a_row} faults or gateway errors in a row, and no recovery"
