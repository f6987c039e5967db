"""When a stream of server-sent events has been listened to for long enough: it need not end by itself.

Enough is as many events as the recording had, or twice the time that it took, or a while without a byte. What the
client then does is what a browser does that is closed: it hangs up, and nobody is at fault.
"""

from __future__ import annotations

from replay.model.hint import EventCount, Hint

IDLE_SECONDS = 10.0  # without a byte
_LEAST_SECONDS = 1.0  # a recorded stream may have been left after an instant


class Listening:
    """Times: seconds of the loop's clock. `most_seconds`: the time for a whole request."""

    __slots__ = ("_began", "_events", "_heard_at", "_most_seconds", "_wanted")

    def __init__(self, hint: Hint, began: float, most_seconds: float) -> None:
        recorded = max(_LEAST_SECONDS, 2 * hint.seconds) if hint.seconds else most_seconds
        self._wanted = hint.events
        self._began = began
        self._heard_at = began
        self._most_seconds = min(recorded, most_seconds)
        self._events = EventCount()

    def is_enough(self, piece: bytes, now: float) -> bool:
        """Take a piece of the stream."""
        self._heard_at = now
        self._events.add(piece)
        return 0 < self._wanted <= self._events.seen

    @property
    def ends_at(self) -> float:
        return min(self._began + self._most_seconds, self._heard_at + IDLE_SECONDS)
