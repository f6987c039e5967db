"""Copies that run beside a judged replay: their worlds, and traces that are measured and not judged.

Rule: of an answer that came as it was recorded nothing but status and times is kept: copies are many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from replay.correlate.rebinder import Rebinder
from replay.engine.lean import lean
from replay.model.evidence import Attempt, Planted, Role, Trace
from replay.play.cue import Cue


@dataclass(slots=True)
class Beside:
    """`cues` are of worlds 1, 2, ...; `numbers`, `rebinders` and `planted` are those worlds', in that order."""

    cues: Sequence[Cue] = ()
    numbers: Sequence[int] = ()
    rebinders: Sequence[Rebinder] = ()
    planted: Sequence[tuple[Planted, ...]] = ()
    hide: Callable[[Attempt], Attempt] = field(default=lambda attempt: attempt, repr=False)
    _attempts: dict[int, list[Attempt]] = field(default_factory=dict, repr=False)

    def heard(self, cue: Cue, attempt: Attempt) -> None:
        """An attempt of a copy."""
        is_reproduced = attempt.fault is None and attempt.status == attempt.recorded_status
        self._attempts.setdefault(cue.world, []).append(self.hide(lean(attempt) if is_reproduced else attempt))

    def traces(self) -> tuple[Trace, ...]:
        return tuple(
            Trace(
                Role.LOAD,
                self.numbers[world - 1],
                tuple(sorted(attempts, key=lambda one: one.sent)),
                planted=self.planted[world - 1],
            )
            for world, attempts in sorted(self._attempts.items())
        )
