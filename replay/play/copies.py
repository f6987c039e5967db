"""Copies of recorded sessions beside the ones that are judged: each copy in a world of its own, order kept inside.

spread     copy k of n begins k/n of the recorded span later
together   all copies begin at once
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from replay.play.cue import Cue


def copies_of(cues: Sequence[Cue], count: int, *, together: bool = False) -> list[tuple[Cue, ...]]:
    """So many copies, without the original; numbers and worlds are those of the original still (see `apart`)."""
    span = max((cue.offset for cue in cues), default=0.0) - min((cue.offset for cue in cues), default=0.0)
    out = []
    for copy in range(1, count + 1):
        later = 0.0 if together else span * copy / (count + 1)
        out.append(tuple(replace(cue, offset=cue.offset + later) for cue in cues))
    return out


def apart(worlds: Iterable[Sequence[Cue]], first_number: int) -> list[Cue]:
    """Cues of several worlds for one player: world 1, 2, ... and numbers of their own, from `first_number`."""
    out: list[Cue] = []
    for world, cues in enumerate(worlds, 1):
        number_of = {cue.number: first_number + len(out) + i for i, cue in enumerate(cues)}
        out.extend(
            replace(
                cue,
                number=number_of[cue.number],
                after=frozenset(number_of[other] for other in cue.after if other in number_of),
                needs=frozenset(number_of[other] for other in cue.needs if other in number_of),
                world=world,
            )
            for cue in cues
        )
    return out


def of_tenant(cues: Sequence[Cue], tenant: str) -> tuple[Cue, ...]:
    """The sessions of one tenant, and those whose answers they need; empty when the tenant has none."""
    return with_what_they_need(cues, {cue.session_id for cue in cues if cue.actor and cue.actor.tenant == tenant})


def with_what_they_need(cues: Sequence[Cue], sessions: Iterable[str]) -> tuple[Cue, ...]:
    """Whole sessions, until no cue needs an answer from outside of them."""
    kept = set(sessions)
    session_of = {cue.number: cue.session_id for cue in cues}
    while True:
        wanted = {session_of[n] for cue in cues if cue.session_id in kept for n in cue.needs if n in session_of}
        if wanted <= kept:
            return tuple(cue for cue in cues if cue.session_id in kept)
        kept |= wanted


def until(cues: Sequence[Cue], last: Cue) -> tuple[Cue, ...]:
    """`last` with all that must have happened before it: its own session so far, and what these need in turn."""
    by_number = {cue.number: cue for cue in cues}
    before: dict[int, int] = {}  # a session's steps wait for the step before them
    latest: dict[str, int] = {}
    for cue in cues:
        if cue.session_id in latest:
            before[cue.number] = latest[cue.session_id]
        latest[cue.session_id] = cue.number
    kept: set[int] = set()
    open_ = [last.number]
    while open_:
        number = open_.pop()
        if number in kept or number not in by_number:
            continue
        kept.add(number)
        open_.extend(by_number[number].needs)
        if number in before:
            open_.append(before[number])
    return tuple(cue for cue in cues if cue.number in kept)
