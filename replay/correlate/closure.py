"""The scenario around one exchange: what must have happened before it, and what reads back what it did.

Rule: accepted writes of every session involved are played (publish, confirm: they may matter); refused ones and reads
only when they are the best source of something.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from replay.correlate.bindings import Bindings
from replay.correlate.timeline import in_start_order
from replay.model.endpoint import is_id_like
from replay.model.exchange import Exchange
from replay.model.message import path_segments
from replay.model.session import Session

MAX_AFTER = 6  # read-backs; more of them say nothing new


class Scenarios:
    """The capture, indexed once, for many closures."""

    def __init__(self, sessions: Sequence[Session], bindings: Bindings) -> None:
        self._sessions = sessions
        self._bindings = bindings
        self._order: dict[str, int] = {}
        self._session_of: dict[str, str] = {}
        self._writes: dict[str, list[str]] = {}  # unsafe exchanges per session, in start order
        for order, (exchange, session) in enumerate(in_start_order(sessions)):
            self._order[exchange.id] = order
            self._session_of[exchange.id] = session.id
            # A write that was refused changed nothing; in a smaller world it might succeed, and would disturb.
            if not exchange.request.is_safe and 200 <= exchange.status < 400:
                self._writes.setdefault(session.id, []).append(exchange.id)

    def bound_by(self, bindings: Bindings) -> Scenarios:
        """The same sessions, under what has been learned since."""
        return Scenarios(self._sessions, bindings)

    def before(self, exchange_id: str, extra: Iterable[str] = ()) -> tuple[str, ...]:
        """The exchanges to play before `exchange_id`, in start order, without itself.

        `extra` names exchanges whose credentials are borrowed: what gave those is played too, even when it was
        recorded after the target; the lenders themselves are not played. KeyError for an unknown exchange.
        """
        needed = self._needed(exchange_id, exchange_id)
        for lender in extra:
            needed |= self._needed(lender, exchange_id)
        return tuple(sorted(needed, key=self._order.__getitem__))

    def _needed(self, root: str, target: str) -> set[str]:
        limit = self._order[root]
        found: set[str] = set()
        sessions: set[str] = set()
        todo = [root]
        while todo:
            exchange_id = todo.pop()
            wanted = list(self._bindings.dependencies(exchange_id))
            session_id = self._session_of[exchange_id]
            if session_id not in sessions:
                sessions.add(session_id)
                wanted += self._writes.get(session_id, [])
            for other in wanted:
                if other not in found and other not in {root, target} and self._order.get(other, limit) < limit:
                    found.add(other)
                    todo.append(other)
        return found


def closure(
    exchange_id: str, sessions: Sequence[Session], bindings: Bindings, extra: Iterable[str] = ()
) -> tuple[str, ...]:
    """`Scenarios.before` for a single question."""
    return Scenarios(sessions, bindings).before(exchange_id, extra)


def after(exchange_id: str, session: Session, bindings: Bindings) -> tuple[str, ...]:
    """Read-back: the session's later safe exchanges that show what the target did, at most MAX_AFTER.

    They consume a value that the target gave, or read the target's own path, its resource or its collection.
    """
    at = session.index_of(exchange_id)
    shown = _shown_by(session.exchanges[at].request.path)
    later = (exchange for exchange in session.exchanges[at + 1 :] if exchange.request.is_safe)
    found = [
        exchange.id
        for exchange in later
        if exchange.request.path in shown or _consumes(exchange, exchange_id, bindings)
    ]
    return tuple(found[:MAX_AFTER])


def _consumes(exchange: Exchange, producer_id: str, bindings: Bindings) -> bool:
    sources = (source for binding in bindings.of(exchange.id) for source in binding.sources)
    return any(source.exchange_id == producer_id for source in sources)


def _shown_by(path: str) -> set[str]:
    """/courses/17/publish is shown by itself, by /courses/17 and by /courses."""
    shown = {path}
    segments = path_segments(path)
    ids = [i for i, segment in enumerate(segments) if is_id_like(segment)]
    if ids:
        raw = path.split("/")
        shown |= {"/".join(raw[: ids[-1] + 1]), "/".join(raw[: ids[-1]])}
    return shown
