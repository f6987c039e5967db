"""A plan: when requests are due, and what becomes of those that are late."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from replay.pace.closed import Closed
from replay.pace.contract import Pacer
from replay.pace.immediate import Immediate

STRETCH_FROM_SECONDS = (
    0.01  # less is a timer's inaccuracy: stretching by it would be the drift that plans must not have
)
SKIP_FROM_SECONDS = 1.0


class CatchUp(StrEnum):
    """What is done about requests that are late, because order or --concurrency held them back."""

    BURST = "burst"  # they go at once, each on its own time afterwards: the plan's rate is kept in the mean
    STRETCH = "stretch"  # the rest of the plan moves by what was lost: gaps are kept, the run takes longer
    SKIP = "skip"  # sessions that have not begun are left out; those under way go on as with burst


@dataclass(frozen=True, slots=True)
class Plan:
    """Open loop by `pacer`, or closed loop when there is a `closed` (the pacer then has no say)."""

    pacer: Pacer = Immediate()
    catch_up: CatchUp = CatchUp.BURST
    skip_from_seconds: float = (
        SKIP_FROM_SECONDS  # with SKIP: a session whose first request is later than this is left out
    )
    closed: Closed | None = None
