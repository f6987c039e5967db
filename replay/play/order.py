"""What must have been answered before what: cues from recorded sessions.

Causal order inside a tenant: an exchange is sent when every exchange of its tenant that had *ended* before it
*started* in the recording has been answered (docs/decisions/0005). Recorded concurrency stays concurrency; tenants
run side by side; a value that another session produced is waited for wherever it comes from.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from replay.correlate.bindings import Bindings
from replay.model.case import Step
from replay.model.evidence import Part
from replay.model.exchange import Exchange
from replay.model.hint import hint_of
from replay.model.session import Session
from replay.play.cue import Cue


def cues_of_capture(sessions: Sequence[Session], bindings: Bindings, began: float | None = None) -> tuple[Cue, ...]:
    """Every recorded exchange once, clean. `began`: when the recording did, if other sessions began it (seconds)."""
    ordered = sorted(
        ((exchange, session) for session in sessions for exchange in session.exchanges),
        key=lambda pair: (pair[0].started, pair[0].id),
    )
    number_of = {exchange.id: i for i, (exchange, _) in enumerate(ordered)}
    origin = began if began is not None else ordered[0][0].started if ordered else 0.0
    after = _causal(sessions)
    pauses = _pauses(sessions)
    cues: list[Cue] = []
    for number, (exchange, session) in enumerate(ordered):
        name, actor = exchange.id, session.actor
        needs = [n for other in bindings.dependencies(name) if (n := number_of.get(other, number)) < number]
        before = [n for other in after.get(name, ()) if (n := number_of.get(other, number)) < number]
        cues.append(
            Cue(  # in the order of its fields: names would cost as much as the values
                number,
                Step(name, exchange.request),
                session.id,
                actor,
                Part.JUDGED,
                frozenset(before + needs),
                0,
                exchange.started - origin,
                exchange.status,
                actor,
                "",
                frozenset(needs),
                pauses.get(name, 0.0),
                hint_of(exchange),
            )
        )
    return tuple(cues)


def _pauses(sessions: Iterable[Session]) -> dict[str, float]:
    """Seconds between the answer to a session's previous request and the next request; 0 where they overlapped."""
    return {
        exchange.id: max(0.0, exchange.started - previous.ended)
        for session in sessions
        for previous, exchange in zip(session.exchanges, session.exchanges[1:], strict=False)
    }


def _causal(sessions: Iterable[Session]) -> dict[str, set[str]]:
    """Immediate predecessors of every exchange: its session's previous one, and its tenant's (interval order)."""
    after: dict[str, set[str]] = {}
    by_tenant: dict[str, list[Exchange]] = {}
    for session in sessions:
        for previous, exchange in zip(session.exchanges, session.exchanges[1:], strict=False):
            after.setdefault(exchange.id, set()).add(previous.id)
        if session.tenant:
            by_tenant.setdefault(session.tenant, []).extend(session.exchanges)
    for exchanges in by_tenant.values():
        by_end = sorted(exchanges, key=lambda exchange: exchange.ended)
        ends = [exchange.ended for exchange in by_end]
        latest_start = _running_maximum([exchange.started for exchange in by_end])
        for exchange in exchanges:
            upto = bisect_left(ends, exchange.started)  # these had ended before it started
            if upto:
                first = bisect_left(ends, latest_start[upto - 1])  # older ones are implied by these
                after.setdefault(exchange.id, set()).update(other.id for other in by_end[first:upto])
    return after


def _running_maximum(values: list[float]) -> list[float]:
    out: list[float] = []
    for value in values:
        out.append(max(value, out[-1]) if out else value)
    return out
