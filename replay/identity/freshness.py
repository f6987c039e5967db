"""When live credentials are fetched anew: before they expire, and once after a 401.

A 401 may mean that a token is over, or that this caller may not do this. One renewal tells: when the request is refused
again with credentials just made, the answer is the answer, and the next refusals soon after it renew nothing.

Rule: no clock; `now` is seconds of the caller's clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FRUITLESS_SECONDS = 30.0  # so long one refusal after a renewal stands for all
_MARGIN_SHARE = 0.1  # of the lifetime: time for the request to arrive
_LONGEST_MARGIN = 10.0  # seconds


@dataclass(slots=True)
class Freshness:
    """Of one set of live credentials. `generation` counts how often they were made, from 1; 0: never yet."""

    generation: int = 0
    made_at: float = 0.0
    expires_at: float = math.inf
    fruitless_at: float = -math.inf  # when new credentials were refused at once

    def made(self, now: float, lifetime: float) -> None:
        self.generation += 1
        self.made_at = now
        self.expires_at = now + lifetime

    def is_due(self, now: float) -> bool:
        """True when they must be made before the next request: there are none, or they are about to expire."""
        if not self.generation:
            return True
        margin = min(_LONGEST_MARGIN, _MARGIN_SHARE * (self.expires_at - self.made_at))
        return now >= self.expires_at - margin

    def may_renew(self, now: float, refused: int) -> bool:
        """After a 401 to a request that wore generation `refused`. A newer one is there: yes, at no cost."""
        return refused < self.generation or now - self.fruitless_at >= FRUITLESS_SECONDS

    def refused_again(self, now: float) -> None:
        """The request that was sent once more was refused, too."""
        self.fruitless_at = now
