"""As fast as order and concurrency allow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Immediate:
    """Every request is due at once."""

    def wait(self, elapsed: float, sent: int, recorded_offset: float) -> float | None:  # noqa: ARG002 - a Pacer
        return 0.0
