"""At most so many requests a second, evenly spaced: no burst after a pause."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Outcome, Request


@dataclass(slots=True)
class Rate:
    """In any span of T seconds no more than `per_second` x T + 1 requests go."""

    per_second: float
    _next: float = float("-inf")
    reason: str = ""

    def wait(self, now: float, in_flight: int) -> float | None:  # noqa: ARG002 - a Governor
        return max(0.0, self._next - now)

    def sent(self, now: float, request: Request) -> None:  # noqa: ARG002 - a Governor
        self._next = max(self._next, now) + 1.0 / self.per_second

    def observed(self, now: float, latency_seconds: float, outcome: Outcome) -> None:
        del now, latency_seconds, outcome
