"""What a pacer is: it says when the next request is due, and knows no clock (after vegeta's Pacer)."""

from __future__ import annotations

from typing import Protocol


class Pacer(Protocol):
    def wait(self, elapsed: float, sent: int, recorded_offset: float) -> float | None:
        """Seconds to wait before request number `sent` (0-based); 0 when it is due or late; None stops the run.

        `elapsed` is seconds since the start, `recorded_offset` the request's own offset in the recording.
        """
        ...
