"""Which recorded exchanges can be played at all: plain requests whose bytes the capture holds in full.

Rule: what cannot be sent as it was is not sent, and is counted. A handshake sent as a plain GET, or an upload sent
without its body, is answered otherwise by a target that has no fault at all. The same holds for what needs the answer
to such a request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from replay.correlate.bindings import Bindings
from replay.correlate.learn import learn
from replay.model.exchange import Exchange
from replay.model.finding import NotJudged
from replay.model.session import Session

WEBSOCKET = "websocket"
BODY_NOT_RECORDED = "request-body-not-recorded"
NEEDS_LEFT_OUT = "needs-left-out-exchange"
LEFT_OUT_REASONS = frozenset({WEBSOCKET, BODY_NOT_RECORDED, NEEDS_LEFT_OUT})
_WHY = {
    WEBSOCKET: "a WebSocket (or another upgraded connection) cannot be replayed",
    BODY_NOT_RECORDED: "the capture does not hold the whole request body",
    NEEDS_LEFT_OUT: "the request needs what came of one that cannot be replayed",
}


@dataclass(frozen=True, slots=True)
class Playable:
    """Sessions that hold only what can be played (none is empty), and how many exchanges are not in them and why."""

    sessions: tuple[Session, ...]
    left_out: tuple[tuple[str, int], ...] = ()  # (one of LEFT_OUT_REASONS, exchanges), by reason

    def not_judged(self) -> tuple[NotJudged, ...]:
        """One verdict for each reason, with the number of exchanges."""
        return tuple(
            NotJudged(
                reason, f"{count} {'exchange' if count == 1 else 'exchanges'} not sent: {_WHY[reason]}", "", "none"
            )
            for reason, count in self.left_out
        )


def playable(sessions: Sequence[Session]) -> Playable:
    """What of these sessions can be played."""
    reasons = {one.id: why for session in sessions for one in session.exchanges if (why := why_not(one))}
    if not reasons:
        return Playable(tuple(session for session in sessions if session.exchanges))
    everything = [one for session in sessions for one in session.exchanges]
    reasons |= _followers(everything, learn(sessions), frozenset(reasons))
    kept = (
        replace(session, exchanges=tuple(one for one in session.exchanges if one.id not in reasons))
        for session in sessions
    )
    counts = Counter(reasons.values())
    return Playable(tuple(session for session in kept if session.exchanges), tuple(sorted(counts.items())))


def why_not(exchange: Exchange) -> str:
    """The reason why this exchange cannot be sent as it was recorded, or an empty string."""
    request = exchange.request
    is_asked = request.method == "CONNECT" or "websocket" in request.headers.get("upgrade").lower()
    if is_asked or exchange.status == 101 or exchange.messages:  # a refused handshake, too: Upgrade is hop by hop
        return WEBSOCKET
    return BODY_NOT_RECORDED if request.body.truncated else ""


def _followers(exchanges: Iterable[Exchange], bindings: Bindings, gone: frozenset[str]) -> dict[str, str]:
    """Exchanges that give back a value which only left-out ones gave, or which those made known; and theirs in turn."""
    lost = set(gone)
    for one in sorted(exchanges, key=lambda exchange: (exchange.started, exchange.id)):
        bound = bindings.of(one.id)
        given = {binding.sources[0].exchange_id for binding in bound}
        is_orphan = any(all(source.exchange_id in lost for source in binding.sources) for binding in bound)
        if is_orphan or lost & (set(bindings.dependencies(one.id)) - given):
            lost.add(one.id)
    return dict.fromkeys(sorted(lost - gone), NEEDS_LEFT_OUT)
