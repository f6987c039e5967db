"""What one capture file holds, in a few numbers: for manifests and for going on where a file ended."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from replay.model.capture import Loss
from replay.store import cells

_KINDS = frozenset({"dropped", "refused", "skipped", "body"})


@dataclass(frozen=True, slots=True)
class FileSummary:
    """Times: seconds, UTC; both 0 without exchanges. `highest`: number of the last exchange, 0 without any."""

    exchanges: int
    first: float
    last: float
    highest: int
    losses: tuple[Loss, ...]


def summarise(connection: sqlite3.Connection) -> FileSummary:
    """From the counts that the writer keeps. Raises sqlite3.Error or ValueError."""
    exchanges, first, last = connection.execute(
        "SELECT coalesce(sum(exchanges), 0), coalesce(min(first), 0), coalesce(max(last), 0) FROM tally"
    ).fetchone()
    highest = connection.execute("SELECT coalesce(max(number), 0) FROM exchange").fetchone()[0]
    found = connection.execute("SELECT kind, reason, count FROM loss ORDER BY kind, reason")
    losses = tuple(Loss(cells.one_of(kind, _KINDS), cells.text(why), cells.whole(n)) for kind, why, n in found)
    return FileSummary(cells.whole(exchanges), cells.seconds(first), cells.seconds(last), cells.whole(highest), losses)
