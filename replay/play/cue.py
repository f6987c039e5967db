"""A cue: one step of one session, and what must have been answered before it may be sent."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.case import Step
from replay.model.evidence import Part
from replay.model.session import Actor


@dataclass(frozen=True, slots=True)
class Cue:
    """`number` is the cue's index in the player's list; `after` names cues that must have been answered.

    Cues with the same positive `unit` are sent truly at once (their `after` must be equal).
    `offset` is the step's time in the recording, seconds since its start.
    """

    number: int
    step: Step
    session_id: str
    actor: Actor | None
    part: Part
    after: frozenset[int] = frozenset()
    unit: int = 0
    offset: float = 0.0
    recorded_status: int = 0
    sent_as: Actor | None = None
    cast: str = ""  # the recorded exchange whose credentials the step borrows
