"""The sans-io player: it knows what may be sent now, and learns from what arrives.

    player.decide(now)  -> Send(cues, requests) | Wait(until) | Done()
    player.arrived(cue, outcome, now)

Rule: no clock, no socket. `now` is seconds since the start, given by whoever drives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from replay.correlate.rebinder import Rebinder, Rewritten
from replay.model.exchange import Outcome
from replay.pace.contract import UNPLANNED
from replay.pace.governor import Governor, Unlimited
from replay.pace.plan import CatchUp, Plan
from replay.play.agenda import Agenda, Unit, agenda_for
from replay.play.cue import Cue
from replay.play.skipping import Skipping


class Send(NamedTuple):
    """These cues go out now, truly at once when there are several. `intended` is when they should have."""

    cues: tuple[Cue, ...]
    rewritten: tuple[Rewritten, ...]
    intended: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to send before `until`, seconds since the start (None: until something arrives)."""

    until: float | None


@dataclass(frozen=True, slots=True)
class Done:
    """Everything was sent and answered, or the plan or the governor ended the run."""


_WAIT = Wait(None)
_DONE = Done()


class Player:
    """Plays cues in an order that keeps every `after`, at most `concurrency` requests at a time.

    `rebinder`: one, or one for each `Cue.world`. `agenda`: one that goes on from the player before; else `plan`
    begins with this player.
    """

    def __init__(
        self,
        cues: Sequence[Cue],
        plan: Plan,
        rebinder: Rebinder | Sequence[Rebinder],
        concurrency: int = 16,
        governor: Governor | None = None,
        agenda: Agenda | None = None,
    ) -> None:
        self._agenda = agenda or agenda_for(plan)
        self._rebinders = rebinder if isinstance(rebinder, Sequence) else (rebinder,)
        self._concurrency = concurrency
        self._governor = None if isinstance(governor, Unlimited) else governor
        self._began = 0.0
        self._is_closed = plan.closed is not None
        self._skipping = Skipping(plan.skip_from_seconds) if plan.catch_up is CatchUp.SKIP else None
        self._followers: dict[int, list[Unit]] = {}
        self._in_flight = 0
        self._is_full = False
        self._held_until = UNPLANNED  # the last time at which places or the governor held back what was due
        self._stopped = False
        self._line_up(cues)

    @property
    def left_out(self) -> tuple[Cue, ...]:
        """Cues of sessions that were skipped because they would have begun too late, and what needed their values."""
        return tuple(self._skipping.left_out) if self._skipping else ()

    def begin(self, at: float) -> None:
        """The start, on the governor's clock."""
        self._began = at

    def decide(self, now: float) -> Send | Wait | Done:
        agenda = self._agenda
        while True:
            due = None if self._stopped else agenda.due()
            if due is None:
                return _WAIT if self._in_flight else _DONE
            if due > now:
                return Wait(due)
            if self._in_flight and self._in_flight + agenda.size() > self._concurrency:
                self._is_full = True
                return _WAIT
            wait = self._governor.wait(self._began + now, self._in_flight) if self._governor else 0.0
            if wait is None:
                self._stopped = True
            elif wait > 0:
                self._held_until = now + wait
                return Wait(self._held_until)
            else:
                unit, intended = agenda.take(now)
                if self._skipping is None or not self._skipping.leaves_out(unit, now - intended):
                    return self._send(unit, now, intended)
                self._skip(unit, now)

    def wants_more(self) -> bool:
        """False when `decide` has nothing to send or to wait for just now: it need not be asked."""
        if self._in_flight >= self._concurrency:
            self._is_full = True
            return False
        return self._agenda.due() is not None

    def arrived(self, cue: Cue, outcome: Outcome, now: float, took: float) -> None:
        """The answer to `cue` is there, `took` seconds after it was sent: bind what it gave, free what waited."""
        self._in_flight -= 1
        if self._is_full:
            self._is_full = False
            self._held_until = now
        if self._governor:
            self._governor.observed(self._began + now, took, outcome)
        self._rebinders[cue.world].absorb(cue.step.exchange_id, outcome)
        for unit in self._followers.pop(cue.number, ()):
            unit.missing -= 1
            if not unit.missing:
                self._agenda.add(unit, now)
        self._agenda.answered(cue, now)

    def stop(self) -> None:
        """Send nothing more; what is in flight may still arrive."""
        self._stopped = True

    def _send(self, unit: Unit, now: float, intended: float) -> Send:
        if self._is_closed and intended < self._held_until:
            intended = self._held_until  # a closed loop intends nothing while it has no place for it
        self._in_flight += len(unit.cues)
        if len(unit.cues) == 1:
            only = unit.cues[0]
            rewritten: tuple[Rewritten, ...] = (self._rebinders[only.world].rewrite(only.step, only.cast),)
        else:
            rewritten = tuple([self._rebinders[cue.world].rewrite(cue.step, cue.cast) for cue in unit.cues])
        if self._governor:
            for one in rewritten:
                self._governor.sent(self._began + now, one.request)
        return Send(unit.cues, rewritten, intended)

    def _skip(self, unit: Unit, now: float) -> None:
        for cue in unit.cues:
            for follower in self._followers.pop(cue.number, ()):
                Skipping.tell(cue, follower)
                follower.missing -= 1
                if not follower.missing:
                    self._agenda.add(follower, now)

    def _line_up(self, cues: Sequence[Cue]) -> None:
        for unit in _units_of(cues):
            if not unit.missing:
                self._agenda.add(unit, 0.0)
            for number in unit.cues[0].after:
                self._followers.setdefault(number, []).append(unit)


def _units_of(cues: Sequence[Cue]) -> Iterator[Unit]:
    """In the order of their first cues."""
    together: dict[int, list[Cue]] = {}
    for cue in cues:
        if cue.unit:
            together.setdefault(cue.unit, []).append(cue)
    for cue in cues:
        if not cue.unit:
            yield Unit((cue,), len(cue.after))
        elif members := together.pop(cue.unit, None):
            yield Unit(tuple(members), len(cue.after))
