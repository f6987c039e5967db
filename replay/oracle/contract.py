"""What an oracle is: a judge of stored evidence. It never sends, reads no clock, and sees no unit but the evidence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from replay.model.case import Expectation
from replay.model.evidence import Evidence
from replay.model.finding import Finding


class Oracle(Protocol):
    """One file, one class, a frozen dataclass whose fields are its configuration (`[oracles.NAME]`)."""

    @property
    def name(self) -> str: ...

    @property
    def judges(self) -> frozenset[Expectation]:
        """Which expectations it can judge; the engine asks it about no other case."""
        ...

    @property
    def needs(self) -> frozenset[str]:
        """What must be in the evidence: "rows" (a database probe), "serial". Lacking it, the oracle is not asked."""
        ...

    def judge(self, evidence: Evidence) -> Iterable[Finding]:
        """Findings, or nothing when the evidence is clean."""
        ...
