"""Sessions that the recorder's killed writer tore: they are played, for others may need what they make, and not judged.

Rule: what is missing in such a session makes the rest of it go another way than recorded, through no fault of the
target: its failures are none of the run's, and its differences are nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable

from replay.engine.fidelity import is_reproduced
from replay.model.evidence import Attempt, Trace
from replay.model.finding import NotJudged
from replay.model.session import Session

TORN_SESSION = "torn-session"


def torn_in(sessions: Iterable[Session]) -> frozenset[str]:
    """Their names."""
    return frozenset(one.id for one in sessions if one.is_torn)


def failed_of(traces: Iterable[Trace], torn: frozenset[str]) -> dict[str, Attempt]:
    """Exchanges of these sessions that were answered otherwise than recorded, or not sent."""
    attempts = (one for trace in traces for one in trace.attempts) if torn else ()
    return {one.exchange_id: one for one in attempts if one.session_id in torn and not is_reproduced(one)}


def told_of(torn: frozenset[str]) -> tuple[NotJudged, ...]:
    """One verdict for all of them."""
    if not torn:
        return ()
    count = "1 session is torn" if len(torn) == 1 else f"{len(torn)} sessions are torn"
    detail = f"{count}: the recorder's writer was killed while they went on, so they may lack exchanges"
    return (NotJudged(TORN_SESSION, detail, "", "none"),)
