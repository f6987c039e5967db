"""What a governor is: it says whether the next request may go, and knows no clock and no socket.

    governor.wait(now, in_flight)  -> 0: it may go | seconds until it may | None: nothing more may go (see `reason`)
    governor.sent(now, request)    it is on its way
    governor.observed(now, latency_seconds, outcome)

A pacer says when a request is *due*; a governor says whether the target can be *asked* for more. The driver asks before
every request, so asking costs next to nothing. Rule: `now` is seconds on a clock that never jumps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from replay.model.exchange import Fault, FaultKind, Outcome, Request


class Governor(Protocol):
    @property
    def reason(self) -> str:
        """Why nothing more may be sent: a fixed word, a colon, a sentence part; empty while something may."""
        ...

    def wait(self, now: float, in_flight: int) -> float | None:
        """Seconds until the next request may go; 0: now; None: never again. Asking takes nothing."""
        ...

    def sent(self, now: float, request: Request) -> None: ...

    def observed(self, now: float, latency_seconds: float, outcome: Outcome) -> None:
        """Called once for every request that was `sent`, whatever came of it."""
        ...


@dataclass(frozen=True, slots=True)
class Unlimited:
    """Everything may go."""

    reason: str = ""

    def wait(self, now: float, in_flight: int) -> float | None:  # noqa: ARG002 - a Governor
        return 0.0

    def sent(self, now: float, request: Request) -> None:
        del now, request

    def observed(self, now: float, latency_seconds: float, outcome: Outcome) -> None:
        del now, latency_seconds, outcome


@dataclass(slots=True)
class Together:
    """Several governors: the most careful one decides.

    `promised` counts what was told as `sent` and has not yet come to the wire: whoever guards the wire takes one off
    for every request, and asks for itself when there is none (a login, a retry). So nothing goes out unasked.
    """

    governors: Sequence[Governor]
    promised: int = 0

    @property
    def reason(self) -> str:
        return next((one.reason for one in self.governors if one.reason), "")

    def wait(self, now: float, in_flight: int) -> float | None:
        longest = 0.0
        for one in self.governors:
            wait = one.wait(now, in_flight)
            if wait is None:
                return None
            longest = max(longest, wait)
        return longest

    def sent(self, now: float, request: Request) -> None:
        self.promised += 1
        for one in self.governors:
            one.sent(now, request)

    def observed(self, now: float, latency_seconds: float, outcome: Outcome) -> None:
        if isinstance(outcome, Fault) and outcome.kind is FaultKind.WITHHELD:
            return  # it never left: it says nothing about the target
        for one in self.governors:
            one.observed(now, latency_seconds, outcome)
