"""Which recorded exchanges can be played at all: plain requests whose bytes the capture holds in full.

Rule: what cannot be sent as it was is not sent, and is counted. A handshake sent as a plain GET, or an upload sent
without its body, is answered otherwise by a target that has no fault at all. The same holds for what needs the answer
to such a request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from replay.correlate.bindings import Bindings
from replay.correlate.learn import learn
from replay.identity.places import credentials_in
from replay.model.conversation import MEDIA_TYPE, as_bodies, can_be_said
from replay.model.exchange import Exchange
from replay.model.finding import BODY_NOT_COMPARED, NotJudged
from replay.model.session import Session
from replay.pace.reads import is_read

WEBSOCKET = "websocket"
BODY_NOT_RECORDED = "request-body-not-recorded"
NEEDS_LEFT_OUT = "needs-left-out-exchange"
REPLACED = "replaced-by-identity"
SAMPLED = "sampled"  # not drawn: the capture is too large to make cases from all of it
LEFT_OUT_REASONS = frozenset({WEBSOCKET, BODY_NOT_RECORDED, NEEDS_LEFT_OUT, REPLACED, SAMPLED})
IN_THE_RECORDING = LEFT_OUT_REASONS | {BODY_NOT_COMPARED}  # no other run of this capture would judge it
WRITES_NOT_ALLOWED = "writes-not-allowed"
NOT_SENT_REASONS = LEFT_OUT_REASONS | {WRITES_NOT_ALLOWED}  # of exchanges, not of cases
_WHY = {
    WEBSOCKET: "a WebSocket (or another upgraded connection); --websockets plays those that were recorded in full",
    BODY_NOT_RECORDED: "the capture does not hold the whole request body",
    NEEDS_LEFT_OUT: "the request needs what came of one that cannot be replayed",
    REPLACED: "a sign-in of somebody for whom a preferred identity speaks",
    WRITES_NOT_ALLOWED: "the target is not on this machine; --allow-writes sends more than safe methods",
}


@dataclass(frozen=True, slots=True)
class Playable:
    """Sessions that hold only what can be played (none is empty), and how many exchanges are not in them and why."""

    sessions: tuple[Session, ...]
    left_out: tuple[tuple[str, int], ...] = ()  # (one of NOT_SENT_REASONS, exchanges), by reason

    def not_judged(self) -> tuple[NotJudged, ...]:
        """One verdict for each reason, with the number of exchanges."""
        return tuple(
            NotJudged(
                reason, f"{count} {'exchange' if count == 1 else 'exchanges'} not sent: {_WHY[reason]}", "", "none"
            )
            for reason, count in self.left_out
        )


def playable(
    sessions: Sequence[Session],
    *,
    reads_only: bool = False,
    websockets: bool = False,
    has_identities: bool = False,
    is_replaced: Callable[[Session, Exchange], bool] | None = None,
) -> Playable:
    """What of these sessions can be played; `reads_only`: what may change nothing alone.

    `websockets`: with those that the capture holds in full; what they say may change anything. `has_identities`: a
    request needs no recorded sign-in for its credentials. `is_replaced`: a sign-in that an identity makes needless.
    """
    said: frozenset[str] = frozenset()
    if websockets and not reads_only:
        said = frozenset(one.id for session in sessions for one in session.exchanges if can_be_said(one))
        sessions = tuple(map(_with_conversations, sessions))

    def why(session: Session, exchange: Exchange) -> str:
        is_refused = reads_only and not is_read(exchange.request)
        reason = why_not(exchange, is_said=exchange.id in said) or (WRITES_NOT_ALLOWED if is_refused else "")
        return reason or (REPLACED if is_replaced is not None and is_replaced(session, exchange) else "")

    reasons = {one.id: reason for session in sessions for one in session.exchanges if (reason := why(session, one))}
    if not reasons:
        return Playable(tuple(session for session in sessions if session.exchanges))
    everything = [one for session in sessions for one in session.exchanges]
    has_identities = has_identities or is_replaced is not None
    reasons |= _followers(everything, learn(sessions), frozenset(reasons), has_identities=has_identities)
    kept = (
        replace(session, exchanges=tuple(one for one in session.exchanges if one.id not in reasons))
        for session in sessions
    )
    counts = Counter(reasons.values())
    return Playable(tuple(session for session in kept if session.exchanges), tuple(sorted(counts.items())))


def _with_conversations(session: Session) -> Session:
    if not any(map(can_be_said, session.exchanges)):
        return session
    return replace(session, exchanges=tuple(as_bodies(one) if can_be_said(one) else one for one in session.exchanges))


def why_not(exchange: Exchange, *, is_said: bool = False) -> str:
    """The reason why this exchange cannot be sent as it was recorded, or an empty string.

    `is_said`: a conversation that was made here. One that stands in the capture as such was asked for by nobody.
    """
    if is_said:
        return ""
    request = exchange.request
    is_asked = request.method == "CONNECT" or "websocket" in request.headers.get("upgrade").lower()
    is_asked = is_asked or request.body.media_type == MEDIA_TYPE
    if is_asked or exchange.status == 101 or exchange.messages:  # a refused handshake, too: Upgrade is hop by hop
        return WEBSOCKET
    return BODY_NOT_RECORDED if request.body.truncated else ""


def _followers(
    exchanges: Iterable[Exchange], bindings: Bindings, gone: frozenset[str], *, has_identities: bool
) -> dict[str, str]:
    """Exchanges that give back a value which only left-out ones gave, or which those made known; and theirs in turn."""
    lost = set(gone)
    for one in sorted(exchanges, key=lambda exchange: (exchange.started, exchange.id)):
        bound = bindings.of(one.id)
        given = {binding.sources[0].exchange_id for binding in bound}
        dressed = {credential.place for credential in credentials_in(one.request)} if has_identities else set()
        is_orphan = any(
            all(source.exchange_id in lost for source in binding.sources)
            for binding in bound
            if binding.place not in dressed
        )
        if is_orphan or lost & (set(bindings.dependencies(one.id)) - given):
            lost.add(one.id)
    return dict.fromkeys(sorted(lost - gone), NEEDS_LEFT_OUT)
