"""The recording's own gaps, divided by a speed, on an absolute clock: lateness never adds up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recorded:
    """`speed` 2.0 plays twice as fast. A request that is late is due at once; later ones keep their own time."""

    speed: float = 1.0

    def wait(self, elapsed: float, sent: int, recorded_offset: float) -> float | None:  # noqa: ARG002 - a Pacer
        return max(0.0, recorded_offset / self.speed - elapsed)
