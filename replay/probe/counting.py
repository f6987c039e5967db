"""A probe that also counts: how many rows changed since the first look, and how many of each table are new.

Rule: rows are seen when somebody looks (after the clean replays, around each case), not while requests are under way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from replay.model.reading import Operation, Reading
from replay.probe.contract import Probe


class CountingProbe:
    """The same probe; `changed` is told of every reading's rows. `inserted` and `deleted` count by table."""

    def __init__(self, probe: Probe, changed: Callable[[int], None]) -> None:
        self._probe = probe
        self._changed = changed
        self.inserted: Counter[str] = Counter()
        self.deleted: Counter[str] = Counter()

    @property
    def name(self) -> str:
        return self._probe.name

    async def read(self) -> Reading:
        reading = await self._probe.read()
        for change in reading.changes:
            if change.operation is Operation.INSERT:
                self.inserted[change.entity] += 1
            elif change.operation is Operation.DELETE:
                self.deleted[change.entity] += 1
        self._changed(len(reading.changes))
        return reading

    def forget(self) -> None:
        self.inserted.clear()
        self.deleted.clear()

    async def settle(self, quiet_seconds: float, limit_seconds: float) -> bool:
        return await self._probe.settle(quiet_seconds, limit_seconds)

    async def close(self) -> None:
        await self._probe.close()
