"""A rate that rises (or falls) in steps, each held for a while; the last one goes on until everything was sent.

rate          ____
         ____|          steps = 3, hold = 1 step of the picture
    ____|
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ramp:
    """From `first` to `last` requests per second in `steps` (2 or more) equal steps of `hold` seconds each."""

    first: float
    last: float
    steps: int
    hold: float
    _before: tuple[float, ...] = field(init=False, repr=False)  # requests due before each step begins

    def __post_init__(self) -> None:
        due = [0.0]
        for step in range(self.steps - 1):
            due.append(due[-1] + self.rate(step) * self.hold)
        object.__setattr__(self, "_before", tuple(due))

    def rate(self, step: int) -> float:
        """Requests per second in step 0, 1, ..."""
        return self.first + (self.last - self.first) * step / (self.steps - 1)

    def due(self, number: int, offset: float) -> float | None:  # noqa: ARG002 - a Pacer
        step = bisect_right(self._before, number) - 1
        return step * self.hold + (number - self._before[step]) / self.rate(step)
