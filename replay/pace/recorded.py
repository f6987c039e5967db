"""The recording's own gaps, divided by a speed, on an absolute clock: lateness never adds up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recorded:
    """`speed` 2.0 plays twice as fast."""

    speed: float = 1.0

    def due(self, number: int, offset: float) -> float | None:  # noqa: ARG002 - a Pacer
        return offset / self.speed
