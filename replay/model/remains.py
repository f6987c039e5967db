"""What a run made in the target, and what of it is still there after cleaning up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remains:
    """Of one endpoint, or (`kind` "rows") of one table: `left` = made - deleted.

    `unproven`: of those left, how many were never tried, because nothing proves that this run made them.
    """

    kind: str  # "answers" | "rows"
    place: str  # "POST /notes", or an entity
    made: int
    deleted: int
    unproven: int = 0

    @property
    def left(self) -> int:
        return max(0, self.made - self.deleted)
