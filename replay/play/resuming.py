"""What is left to play of a scenario that was interrupted: everything that has no answer yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from replay.play.cue import Cue


def settled(cues: Sequence[Cue], arrived: Collection[str]) -> set[str]:
    """The exchanges that are not sent any more: those that arrived, and whatever something that arrived came after.

    A login that found nobody listening stays unanswered when its session went on without it: sent now it would come
    after its followers, and those again would write twice into one world.
    """
    over: set[int] = set()
    done: set[str] = set()
    for cue in sorted(cues, key=lambda one: one.number, reverse=True):
        if cue.step.exchange_id in arrived or cue.number in over:
            over |= cue.after | cue.needs
            done.add(cue.step.exchange_id)
    return done


def remaining(cues: Sequence[Cue], answered: Collection[str]) -> tuple[Cue, ...]:
    """The cues of exchanges that were not answered, waiting for each other only; the first one is due at once."""
    if not answered:
        return tuple(cues)
    left = [cue for cue in cues if cue.step.exchange_id not in answered]
    numbers = frozenset(cue.number for cue in left)
    begin = min((cue.offset for cue in left), default=0.0)
    return tuple(
        replace(cue, after=cue.after & numbers, needs=cue.needs & numbers, offset=cue.offset - begin) for cue in left
    )
