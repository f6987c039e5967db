"""A cue: one step of one session, and what must have been answered before it may be sent."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.case import Step
from replay.model.evidence import Part
from replay.model.hint import NO_HINT, Hint
from replay.model.session import Actor


@dataclass(frozen=True, slots=True)
class Cue:
    """`number` is the cue's own in its player; `after` names cues that must have been answered.

    Cues with the same positive `unit` are sent truly at once (their `after` must be equal).
    `offset` is the step's time in the recording, seconds since its start; `think` is what its session paused before it.
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
    needs: frozenset[int] = frozenset()  # of `after`: cues whose answers hold values that this one sends
    think: float = 0.0  # seconds
    hint: Hint = NO_HINT  # how the recorded exchange travelled
    world: int = 0  # index of the player's rebinder that knows this copy's values

    @property
    def session(self) -> tuple[int, str]:
        """The session, apart from its copies in other worlds."""
        return self.world, self.session_id
