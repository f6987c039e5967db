"""What is strange at the same exchanges in every replay: a build does that, chance does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from replay.diff.decision import chance_of_at_least
from replay.diff.populations import Population

_SURE, _SURE_OF_TWO = 5e-3, 0.05  # two replays are asked a third time


@dataclass(frozen=True, slots=True)
class Stray:
    """The exchanges that noise does not explain, and why. Remarks count, they never quote."""

    exchanges: tuple[str, ...]
    remark: str
    key: str = ""  # of an element, where the difference is about one


def stray(exchanges: Sequence[str], before: Population, remark: str, key: str = "") -> Stray:
    """Exchanges in the recording's order, each once."""
    order = {one: i for i, (one, *_) in enumerate([*before.leaves, *before.types, *before.lengths])}
    return Stray(tuple(sorted(dict.fromkeys(exchanges), key=lambda one: order.get(one, len(order)))), remark, key)


def same_each_time(found: Sequence[Sequence[str]], seen: int) -> tuple[str, ...]:
    """The exchanges that are strange in every replay, when chance does not bring that about; else none.

    `found`: the strange ones of each replay, of `seen` exchanges. What is drawn anew each time seldom recurs.
    """
    sides = [set(one) for one in found]
    everywhere = set.intersection(*sides)
    if not everywhere or len(sides) < 2:
        return ()
    share = min(1.0, sum(map(len, sides)) / len(sides) / max(1, seen))
    chance = chance_of_at_least(len(everywhere), seen, share ** len(sides))
    is_all = all(side == everywhere for side in sides)
    return tuple(sorted(everywhere)) if is_all or chance < (_SURE if len(sides) > 2 else _SURE_OF_TWO) else ()
