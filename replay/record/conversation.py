"""What is kept of one WebSocket: its first messages, up to a number of bytes and of messages.

Rule: kept is a beginning without gaps. The message that crosses the limit is cut (its size says so); later ones are
only measured. `left_out_bytes` is what they had, so that the recorded exchange can tell.
"""

from __future__ import annotations

from replay.record.snapshot import RawMessage
from replay.record.tee import Budget

MOST_MESSAGES = 2_000
_MESSAGE_BYTES = 256  # the tuple, its numbers and the head of its bytes object; an estimate that errs upwards


class Conversation:
    """For one thread: the proxy's loop."""

    __slots__ = ("_budget", "_held_bytes", "_is_full", "_kept_bytes", "_limit_bytes", "_messages", "left_out_bytes")

    def __init__(self, limit_bytes: int, budget: Budget) -> None:
        self._limit_bytes = limit_bytes
        self._budget = budget
        self._messages: list[RawMessage] = []
        self._kept_bytes = 0
        self._held_bytes = 0  # of the budget
        self._is_full = False
        self.left_out_bytes = 0  # in messages of which nothing was kept

    def add(self, from_client: bool, opcode: int, at: float, content: bytes) -> None:
        """`opcode` 1 is text, 2 is binary; `at`: seconds, UTC."""
        size = len(content)
        if self._is_full:
            self.left_out_bytes += size
            return
        wanted = min(size, self._limit_bytes - self._kept_bytes)
        granted = self._budget.grant(_MESSAGE_BYTES + wanted)
        self._held_bytes += granted
        room = granted - _MESSAGE_BYTES
        if room < 0 or (room == 0 and size):
            self._is_full = True
            self.left_out_bytes += size
            return
        self._messages.append((from_client, opcode, at, content[:room], size))
        self._kept_bytes += room
        self._is_full = room < size or len(self._messages) >= MOST_MESSAGES

    @property
    def last_at(self) -> float:
        """When the last kept message came; 0.0 without one."""
        return self._messages[-1][2] if self._messages else 0.0

    def take(self) -> tuple[RawMessage, ...]:
        """The kept messages; the budget has its bytes back."""
        messages = tuple(self._messages)
        self.drop()
        return messages

    def drop(self) -> None:
        """Give everything back."""
        self._is_full = True
        self._messages = []
        self._budget.give_back(self._held_bytes)
        self._held_bytes = 0
