"""A mend: one thing that mitmproxy gets wrong in front of a service, and the methods replaced to set it right.

    fits? -> put in place -> rehearse (sans-io) -> holds? keep : take back

Rule: a mend stays in only where it fits (version, methods) and holds its rehearsal; else mitmproxy stays stock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

OLDEST = (11, 0, 2)
BEYOND = (13,)  # the first version that nobody has looked at

Undo = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Mend:
    """`fits` looks without touching, `put` replaces methods and answers how to take that back, `holds` rehearses."""

    name: str
    fits: Callable[[], bool]
    put: Callable[[], Undo]
    holds: Callable[[], bool]


def is_known_version(text: str) -> bool:
    """True for the mitmproxy versions that the replaced methods were read in."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", text)[:3])
    return OLDEST <= numbers < BEYOND


def replace(owner: object, name: str, new: object) -> Undo:
    """Set `owner.name`; the answer puts back what was there, which may be nothing but what a parent class has."""
    has_own, old = name in vars(owner), vars(owner).get(name)
    setattr(owner, name, new)
    return lambda: setattr(owner, name, old) if has_own else delattr(owner, name)


def undo_all(undos: tuple[Undo, ...]) -> Undo:
    """One undo for many, last first."""

    def take_back() -> None:
        for undo in reversed(undos):
            undo()

    return take_back
