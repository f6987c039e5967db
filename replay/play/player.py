"""The sans-io player: it knows what may be sent now, and learns from what arrives.

    player.decide(now)  -> Send(cues, requests) | Wait(seconds) | Done()
    player.arrived(cue, outcome)

Rule: no clock, no socket. `now` is seconds since the start, given by whoever drives.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from replay.correlate.rebinder import Rebinder, Rewritten
from replay.model.exchange import Outcome
from replay.pace.contract import Pacer
from replay.play.cue import Cue


@dataclass(frozen=True, slots=True)
class Send:
    """These cues go out now, truly at once when there are several. `intended` is when they were due."""

    cues: tuple[Cue, ...]
    rewritten: tuple[Rewritten, ...]
    intended: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to send for `seconds` (None: until something arrives)."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class Done:
    """Everything was sent and answered, or the pacer ended the run."""


class Player:
    """Plays cues in an order that keeps every `after`, at most `concurrency` requests at a time."""

    def __init__(self, cues: Sequence[Cue], pacer: Pacer, rebinder: Rebinder, concurrency: int = 16) -> None:
        self._cues = cues
        self._pacer = pacer
        self._rebinder = rebinder
        self._concurrency = concurrency
        self._units = _units_of(cues)
        self._unit_of = {cue.number: i for i, unit in enumerate(self._units) for cue in unit}
        self._waiting_for = [set().union(*(cue.after for cue in unit)) for unit in self._units]
        self._followers: dict[int, list[int]] = {}
        for i, needed in enumerate(self._waiting_for):
            for number in needed:
                self._followers.setdefault(number, []).append(i)
        self._ready = [(self._units[i][0].offset, i) for i, needed in enumerate(self._waiting_for) if not needed]
        heapq.heapify(self._ready)
        self._in_flight = 0
        self._sent = 0
        self._stopped = False

    def decide(self, now: float) -> Send | Wait | Done:
        if self._stopped or not self._ready:
            return Wait(None) if self._in_flight else Done()
        offset, index = self._ready[0]
        unit = self._units[index]
        if self._in_flight and self._in_flight + len(unit) > self._concurrency:
            return Wait(None)
        wait = self._pacer.wait(now, self._sent, offset)
        if wait is None:
            self._stopped = True
            return self.decide(now)
        if wait > 0:
            return Wait(wait)
        heapq.heappop(self._ready)
        self._in_flight += len(unit)
        self._sent += len(unit)
        rewritten = tuple(self._rebinder.rewrite(cue.step, cue.cast) for cue in unit)
        return Send(unit, rewritten, now)

    def arrived(self, cue: Cue, outcome: Outcome) -> None:
        """The answer to `cue` is there: bind what it gave, and free what waited for it."""
        self._in_flight -= 1
        self._rebinder.absorb(cue.step.exchange_id, outcome)
        for index in self._followers.get(cue.number, ()):
            needed = self._waiting_for[index]
            needed.discard(cue.number)
            if not needed:
                heapq.heappush(self._ready, (self._units[index][0].offset, index))

    def stop(self) -> None:
        """Send nothing more; what is in flight may still arrive."""
        self._stopped = True


def _units_of(cues: Sequence[Cue]) -> list[tuple[Cue, ...]]:
    units: list[list[Cue]] = []
    grouped: dict[int, list[Cue]] = {}
    for cue in cues:
        if cue.unit and cue.unit in grouped:
            grouped[cue.unit].append(cue)
            continue
        unit = [cue]
        units.append(unit)
        if cue.unit:
            grouped[cue.unit] = unit
    return [tuple(unit) for unit in units]
