"""Every session's exchanges on one line of time: who could have known what, and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.model.session import Session


@dataclass(frozen=True, slots=True)
class Moment:
    """A request that starts, or (`answered`) an outcome that has arrived. `order` counts exchanges by start."""

    order: int
    exchange: Exchange
    session: Session
    answered: bool


def in_start_order(sessions: Sequence[Session]) -> list[tuple[Exchange, Session]]:
    """All exchanges by start; ties stay as they stand, so that a session's own order always holds."""
    pairs = [(exchange, session) for session in sessions for exchange in session.exchanges]
    return sorted(pairs, key=lambda pair: pair[0].started)


def moments(sessions: Sequence[Session]) -> Iterator[Moment]:
    """Requests and outcomes as they happened. On equal times the exchange that started first goes first."""
    timed: list[tuple[float, int, int, Moment]] = []
    for order, (exchange, session) in enumerate(in_start_order(sessions)):
        ended = max(exchange.started, exchange.ended)
        timed.append((exchange.started, order, 0, Moment(order, exchange, session, answered=False)))
        timed.append((ended, order, 1, Moment(order, exchange, session, answered=True)))
    timed.sort(key=lambda entry: entry[:3])
    return (entry[3] for entry in timed)
