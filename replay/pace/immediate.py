"""As fast as order and concurrency allow."""

from __future__ import annotations

from dataclasses import dataclass

from replay.pace.contract import UNPLANNED


@dataclass(frozen=True, slots=True)
class Immediate:
    """Every request is due at once."""

    def due(self, number: int, offset: float) -> float | None:  # noqa: ARG002 - a Pacer
        return UNPLANNED
