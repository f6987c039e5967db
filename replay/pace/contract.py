"""What a pacer is: it says when a request is due on an absolute plan, and knows no clock (after vegeta's Pacer)."""

from __future__ import annotations

import math
from typing import Protocol

UNPLANNED = -math.inf
"""Due as soon as order and places allow: there is no plan that a request could be late for."""


class Pacer(Protocol):
    def due(self, number: int, offset: float) -> float | None:
        """Seconds after the start at which a request is due; UNPLANNED: at once; None: the plan ends here.

        `number` counts requests in the order of sending, from 0; `offset` is the request's own time in the recording.
        Rule: the answer depends on nothing else, so lateness never adds up, and a plan of an hour does not drift.
        """
        ...
