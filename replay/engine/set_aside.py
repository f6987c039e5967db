"""What says nothing about the target: answers that ask for less load, and requests that were never sent.

Rule: neither becomes a finding, a difference or noise, and neither counts against fidelity: it is *not judged*, counted
by endpoint. An answer that the recording gave, too, is an answer like any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from replay.model.evidence import Attempt, Trace
from replay.model.exchange import Fault, FaultKind
from replay.model.finding import NotJudged
from replay.model.session import Session
from replay.pace.overload import is_throttled

THROTTLED = "throttled"
_WHY = {
    THROTTLED: "answered 429 or 503 with Retry-After, and the recording was not",
    "skipped": "not sent: the session would have begun too late (--catch-up skip)",
}


def reason_of(attempt: Attempt) -> str:
    """Why nothing can be told from this attempt (a verdict's word); empty: it is an answer."""
    outcome = attempt.outcome
    if isinstance(outcome, Fault):
        said = outcome.detail.replace("_", "-") or str(FaultKind.WITHHELD)
        return said if outcome.kind is FaultKind.WITHHELD else ""
    return THROTTLED if is_throttled(outcome) and outcome.status != attempt.recorded_status else ""


def mute_exchanges(traces: Iterable[Trace]) -> dict[str, Attempt]:
    """Of clean replays: the exchanges of which at least one replay says nothing, with the first such attempt."""
    mute: dict[str, Attempt] = {}
    for trace in traces:
        for attempt in trace.attempts:
            if reason_of(attempt):
                mute.setdefault(attempt.exchange_id, attempt)
    return mute


def without(trace: Trace, exchange_ids: Iterable[str]) -> Trace:
    gone = frozenset(exchange_ids)
    return replace(trace, attempts=tuple(one for one in trace.attempts if one.exchange_id not in gone))


def heard_sessions(sessions: Sequence[Session], mute: Container[str]) -> tuple[Session, ...]:
    """The sessions without these exchanges; none is empty."""
    kept = (replace(one, exchanges=tuple(e for e in one.exchanges if e.id not in mute)) for one in sessions)
    return tuple(one for one in kept if one.exchanges)


def verdicts(mute: Iterable[Attempt]) -> tuple[NotJudged, ...]:
    """One for each endpoint and reason, with the number of exchanges."""
    counts = Counter((reason_of(one), one.endpoint) for one in mute)
    return tuple(
        NotJudged(reason, f"{endpoint}: {_counted(count)} {_WHY.get(reason, 'not sent')}", "", "none")
        for (reason, endpoint), count in sorted(counts.items())
    )


def _counted(count: int) -> str:
    return f"{count} {'exchange' if count == 1 else 'exchanges'}"
