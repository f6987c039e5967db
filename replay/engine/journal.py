"""Where answers go at once, so that an interrupted run can go on: RUN.db.pending in a run, nothing in most tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from replay.model.evidence import Attempt


class Journal(Protocol):
    @property
    def attempts(self) -> Mapping[tuple[str, int], Sequence[Attempt]]:
        """What a run before this one had answered, by unit and world."""
        ...

    @property
    def lost(self) -> Mapping[str, int]:
        """By unit: the highest number of a world that was begun, and of whose answers nothing is left."""
        ...

    def began(self, unit: str, world: int) -> None:
        """Requests of a new world follow."""
        ...

    def answered(self, unit: str, world: int, attempt: Attempt) -> None: ...


class NoJournal:
    """Keeps nothing: such a run cannot be resumed."""

    @property
    def attempts(self) -> Mapping[tuple[str, int], Sequence[Attempt]]:
        return {}

    @property
    def lost(self) -> Mapping[str, int]:
        return {}

    def began(self, unit: str, world: int) -> None:
        del unit, world

    def answered(self, unit: str, world: int, attempt: Attempt) -> None:
        del unit, world, attempt
