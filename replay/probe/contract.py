"""What a probe is: the reader of the target's database. It never writes to it."""

from __future__ import annotations

from typing import Protocol

from replay.model.reading import Reading


class Probe(Protocol):
    @property
    def name(self) -> str: ...

    async def read(self) -> Reading:
        """What was committed since the previous call (the first call sets the mark and is empty).

        Raises ProbeError when the database cannot be read: the case is then not judged.
        """
        ...

    async def settle(self, quiet_seconds: float, limit_seconds: float) -> bool:
        """Wait until nothing new was committed for `quiet_seconds`; False when that never came within the limit."""
        ...

    async def close(self) -> None: ...
