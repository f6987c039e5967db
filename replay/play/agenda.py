"""Agendas: what order allows to be sent, and when each of it is due. Open loop by a pacer, or closed loop by answers.

    agenda.add(unit, now)       order allows it from now on
    agenda.due()                when the first one is due; UNPLANNED: now; None: nothing before an answer
    agenda.size()               how many requests that is
    agenda.take(now)            hands it over, with the time at which it should have been sent
    agenda.answered(cue, now)   one more answer of a session

Rule: no clock; `now` is seconds since the start. Nothing is ever due early.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Protocol

from replay.pace.closed import Closed
from replay.pace.contract import UNPLANNED, Pacer
from replay.pace.plan import STRETCH_FROM_SECONDS, CatchUp, Plan
from replay.play.cue import Cue


@dataclass(slots=True, eq=False)
class Unit:
    """Cues that go out as one. `missing` counts the answers that it waits for."""

    cues: tuple[Cue, ...]
    missing: int
    is_left_out: bool = False


class Agenda(Protocol):
    def add(self, unit: Unit, now: float) -> None: ...

    def due(self) -> float | None: ...

    def size(self) -> int: ...

    def take(self, now: float) -> tuple[Unit, float]: ...

    def answered(self, cue: Cue, now: float) -> None: ...


class OpenAgenda:
    """Arrivals by plan, in the recording's order. May serve one player after another: the plan goes on."""

    def __init__(self, pacer: Pacer, catch_up: CatchUp = CatchUp.BURST) -> None:
        self._pacer = pacer
        self._is_stretched = catch_up is CatchUp.STRETCH
        self._ready: list[tuple[float, int, Unit]] = []
        self._sent = 0
        self.stretched_seconds = 0.0

    def add(self, unit: Unit, now: float) -> None:  # noqa: ARG002 - an Agenda
        head = unit.cues[0]
        heapq.heappush(self._ready, (head.offset, head.number, unit))

    def due(self) -> float | None:
        if not self._ready:
            return None
        due = self._pacer.due(self._sent, self._ready[0][0])
        return None if due is None else due + self.stretched_seconds

    def size(self) -> int:
        return len(self._ready[0][2].cues)

    def take(self, now: float) -> tuple[Unit, float]:
        due = self.due()
        _, _, unit = heapq.heappop(self._ready)
        self._sent += len(unit.cues)
        if due is None or due == UNPLANNED:
            return unit, now
        if self._is_stretched and now - due >= STRETCH_FROM_SECONDS:
            self.stretched_seconds += now - due
        return unit, due

    def answered(self, cue: Cue, now: float) -> None: ...


class ClosedAgenda:
    """So many sessions side by side. A session that waits for another session's answer lends its place."""

    def __init__(self, closed: Closed) -> None:
        self._closed = closed
        self._places = closed.sessions
        self._held: dict[tuple[int, str], int] = {}  # session -> its units that are due or under way
        self._ready: list[tuple[float, int, Unit]] = []  # by due time
        self._waiting: list[tuple[float, int, Unit]] = []  # for a place, by the recording's order

    def add(self, unit: Unit, now: float) -> None:
        head = unit.cues[0]
        session = head.session
        if session in self._held or self._places is None or len(self._held) < self._places:
            self._held[session] = self._held.get(session, 0) + 1
            heapq.heappush(self._ready, (now + self._closed.pause(head.think), head.number, unit))
        else:
            heapq.heappush(self._waiting, (head.offset, head.number, unit))

    def due(self) -> float | None:
        return self._ready[0][0] if self._ready else None

    def size(self) -> int:
        return len(self._ready[0][2].cues)

    def take(self, now: float) -> tuple[Unit, float]:  # noqa: ARG002 - an Agenda
        due, _, unit = heapq.heappop(self._ready)
        self._held[unit.cues[0].session] -= 1
        for cue in unit.cues:  # a burst is one unit of many sessions
            self._held[cue.session] = self._held.get(cue.session, 0) + 1
        return unit, due

    def answered(self, cue: Cue, now: float) -> None:
        session = cue.session
        self._held[session] -= 1
        if self._held[session]:
            return
        del self._held[session]
        if self._waiting:
            self.add(heapq.heappop(self._waiting)[2], now)


def agenda_for(plan: Plan) -> Agenda:
    return ClosedAgenda(plan.closed) if plan.closed else OpenAgenda(plan.pacer, plan.catch_up)
