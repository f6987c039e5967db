"""What the addon sees of a recording: a place to offer snapshots to, and counters of what came.

Rule: nothing here waits, and nothing raises.
"""

from __future__ import annotations

from replay.record.intake import Intake
from replay.record.ledger import ERRORS, SEEN
from replay.record.snapshot import Snapshot


class Front:
    """`_intake` and `_cells` are set by whoever stands behind."""

    _intake: Intake
    _cells: memoryview
    drain_seconds = 10  # what is in flight may take at the end

    @property
    def seen(self) -> int:
        seen: int = self._cells[SEEN]
        return seen

    def saw(self) -> None:
        """The headers of a request came."""
        self._cells[SEEN] += 1

    def offer(self, snapshot: Snapshot) -> bool:
        """Never waits. False: there was no room, and it is counted as dropped."""
        return self._intake.offer(snapshot)

    def count_error(self) -> None:
        """A hook of ours failed on this exchange."""
        self._cells[ERRORS] += 1
