"""Bodies that were not compared become verdicts: not judged, one line for each endpoint and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from replay.diff.unread import not_compared
from replay.model.evidence import Trace
from replay.model.finding import BODY_NOT_COMPARED, NotJudged


def bodies_not_compared(recorded: Trace, clean: Sequence[Trace]) -> tuple[NotJudged, ...]:
    counts = Counter((attempt.endpoint, why) for attempt, why in not_compared(recorded, clean))
    return tuple(
        NotJudged(BODY_NOT_COMPARED, f"{endpoint}: the body of {_counted(count)} was not compared: {why}", "", "none")
        for (endpoint, why), count in sorted(counts.items())
    )


def _counted(count: int) -> str:
    return "1 answer" if count == 1 else f"{count} answers"
