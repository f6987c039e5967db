"""So many requests a second, evenly: request n is due at n / rate, whatever the recording's gaps were."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """`rate` in requests per second, above 0."""

    rate: float

    def due(self, number: int, offset: float) -> float | None:  # noqa: ARG002 - a Pacer
        return number / self.rate
