"""Closed loop: so many sessions side by side, each next step after the answer and a think time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Closed:
    """`sessions` None: all of them. `think` seconds; None: as recorded, divided by `speed`.

    A slow target slows a closed loop down: what users who wait would not have sent yet is not sent. Measure a
    target's capacity with a rate, and its behaviour towards people with a closed loop.
    """

    sessions: int | None = None
    think: float | None = None
    speed: float = 1.0

    def pause(self, recorded: float) -> float:
        """Seconds between an answer and the session's next request; `recorded` is what the recording paused there."""
        return recorded / self.speed if self.think is None else self.think
