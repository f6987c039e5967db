"""Catching up by leaving out: whole sessions that have not begun, and what needs their values.

Rule: a session that has begun is played to its end. Half a session would be judged by answers to what was never asked.
"""

from __future__ import annotations

from replay.play.agenda import Unit
from replay.play.cue import Cue


class Skipping:
    """`from_seconds`: a session whose first request is later than this is left out."""

    def __init__(self, from_seconds: float) -> None:
        self._from = from_seconds
        self._begun: set[tuple[int, str]] = set()
        self.left_out: list[Cue] = []

    def leaves_out(self, unit: Unit, late: float) -> bool:
        """True when this unit, late by so many seconds, is not to be sent."""
        session = unit.cues[0].session
        if unit.is_left_out or (late > self._from and session not in self._begun):
            self.left_out.extend(unit.cues)
            return True
        self._begun.add(session)
        return False

    @staticmethod
    def tell(left_out: Cue, follower: Unit) -> None:
        """`follower` waited for a cue that is left out: it goes, too, if it is of that session or needs its value."""
        head = follower.cues[0]
        if head.session == left_out.session or any(left_out.number in cue.needs for cue in follower.cues):
            follower.is_left_out = True
