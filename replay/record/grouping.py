"""Which session an exchange belongs to.

Credentials decide; a login is tied to what it issued; what is left follows its client connection, unless that
connection is pooled (used for several principals):

    a stated source names the session     -> that one; another named principal in it begins another
    exchange carries a known token        -> that token's session
    ... an unknown token, accepted        -> the connection's session if nobody's or the same principal's, else new
    anonymous, quotes an issued token     -> that token's session (refresh, logout)
    anonymous, and issues a token (login) -> the connection's session if that is nobody's yet or the same principal's
    anonymous otherwise                   -> the connection's session; of its own when the connection is pooled

A gap of more than 30 minutes (the usual web session timeout) begins another session.

Rule: pure but for its memory, which is bounded; what falls out of it only splits a session. With a `disguise` it keeps
hashes instead of tokens and names, so that it may be shown raw exchanges.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from replay.model.exchange import Exchange, Request
from replay.model.message import request_leaves
from replay.record.brief import brief
from replay.record.facts import Facts
from replay.record.recent import Recent

GAP_SECONDS = 30 * 60.0
MEMORY = 25_000  # tokens and connections remembered; with the actors about 40 MB when full
_QUOTED = range(8, 4097)  # characters of a text that may be a token


@dataclass(slots=True)
class Group:
    """One session as it grows. `anchor` is what its first exchange was known by, the same on every sidecar.

    `id` is given by whoever keeps its first exchange; empty until then. `lost` are reasons why exchanges of it are not
    in the capture; `is_kept` once one is. Few sessions need a set, so all others share an empty one.
    """

    last: float
    anchor: str
    id: str = ""
    principal: str = ""  # who came first; a token when nothing has a name
    has_name: bool = False
    stated: str = ""
    has_login: bool = False  # something was issued in it, so a further login may be somebody else's
    is_kept: bool = False
    lost: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Placed:
    """`is_proven` is False when the request's own claims must not count: the server refused its credentials."""

    group: Group
    is_proven: bool


@dataclass(slots=True)
class _Connection:
    group: Group | None = None
    owners: tuple[str, ...] = ()

    @property
    def is_pooled(self) -> bool:
        return len(self.owners) > 1

    def is_used_by(self, group: Group) -> None:
        self.group = group
        owner = group.stated or group.principal
        if not self.is_pooled and owner not in self.owners:  # more than two would only cost memory
            self.owners = (*self.owners, owner)


class Grouper:
    """Takes exchanges in the order in which they ended, as the recorder sees them."""

    def __init__(
        self,
        memory: int = MEMORY,
        gap_seconds: float = GAP_SECONDS,
        disguise: Callable[[str], str] | None = None,
    ) -> None:
        self._begun = 0
        self._gap = gap_seconds
        self._disguise = disguise
        self._by_token: Recent[str, Group] = Recent(memory)
        self._by_connection: Recent[str, _Connection] = Recent(memory)

    def place(self, exchange: Exchange, facts: Facts) -> Placed:
        """The exchange's session, begun if need be."""
        facts = self._hidden(facts)
        is_proven = exchange.status != 401 or any(self._by_token.get(token) for token in facts.tokens)
        if not is_proven:  # an unknown credential that the server refused: a wrong guess makes no actor
            facts = facts.unproven()
        connection = self._connection(exchange.connection)
        if facts.session:
            group = self._of_stated(facts, exchange.started)
        elif facts.tokens:
            group = self._of_credentials(facts, connection, exchange.started)
        else:
            group = self._of_anonymous(exchange, facts, connection)
        if facts.tokens:
            group.principal = group.principal or facts.principal
            group.has_name = group.has_name or facts.is_named
        if facts.tokens or facts.session:
            connection.is_used_by(group)
        self._remember(group, facts, exchange)
        return Placed(group, is_proven)

    def _of_stated(self, facts: Facts, now: float) -> Group:
        name = facts.principal if facts.is_named else ""
        shared = self._stated_at(f"\0session:{facts.session}", facts, now)
        if not (name and shared.has_name and shared.principal != name):
            return shared
        return self._stated_at(f"\0session:{facts.session}\0{name}", facts, now)

    def _stated_at(self, key: str, facts: Facts, now: float) -> Group:
        known = self._by_token.get(key)
        if known is None or not self._is_open(known, now):
            known = self._new(now, key)
            known.stated = facts.session
            self._by_token.put(key, known)
        return known

    def _of_credentials(self, facts: Facts, connection: _Connection, now: float) -> Group:
        for token in facts.tokens:
            known = self._by_token.get(token)
            if known and self._is_open(known, now):
                return known
        here = connection.group
        if here is None or not self._is_open(here, now) or connection.is_pooled:
            return self._new(now, facts.principal)
        is_nobodys = not here.principal and not here.has_login
        return here if is_nobodys or here.principal == facts.principal else self._new(now, facts.principal)

    def _of_anonymous(self, exchange: Exchange, facts: Facts, connection: _Connection) -> Group:
        quoted = self._quoted(exchange.request, exchange.started)
        if quoted:
            return quoted
        here = connection.group
        told = facts.issued_to
        anchor = told or (facts.issued[0] if facts.issued else "")
        if connection.is_pooled or not exchange.connection:
            return self._new(exchange.started, anchor)
        if here is None or not self._is_open(here, exchange.started) or _is_other_login(here, facts, told):
            here = connection.group = self._new(exchange.started, anchor or f"\0connection:{exchange.connection}")
        return here

    def _quoted(self, request: Request, now: float) -> Group | None:
        """The session of an issued token that stands anywhere in the request."""
        for _, value in request_leaves(request):
            if not isinstance(value, str) or len(value) not in _QUOTED:
                continue
            token = brief(value)
            known = self._by_token.get(self._disguise(token) if self._disguise else token)
            if known and self._is_open(known, now):
                return known
        return None

    def _remember(self, group: Group, facts: Facts, exchange: Exchange) -> None:
        group.last = max(group.last, exchange.ended, exchange.started)
        if facts.issued:
            group.has_login = True
            if facts.issued_to and not group.principal:
                group.principal, group.has_name = facts.issued_to, True
        for token in (*facts.tokens, *facts.issued):
            self._by_token.put(token, group)

    def _connection(self, name: str) -> _Connection:
        found = self._by_connection.get(name) if name else None
        if found is None:
            found = _Connection()
            if name:
                self._by_connection.put(name, found)
        return found

    def _new(self, now: float, anchor: str) -> Group:
        self._begun += 1
        return Group(now, anchor or f"\0number:{self._begun}")

    def _is_open(self, group: Group, now: float) -> bool:
        return now - group.last <= self._gap

    def _hidden(self, facts: Facts) -> Facts:
        hide = self._disguise
        if hide is None:
            return facts
        return Facts(
            session=hide(facts.session) if facts.session else "",
            tokens=tuple(map(hide, facts.tokens)),
            issued=tuple(map(hide, facts.issued)),
            principals=tuple((standing, hide(name)) for standing, name in facts.principals),
            answered_principals=tuple((standing, hide(name)) for standing, name in facts.answered_principals),
        )


def _is_other_login(group: Group, facts: Facts, told: str) -> bool:
    """True when a login answer cannot be shown to belong to the connection's session."""
    if not facts.issued or not (group.has_login or group.principal):
        return False
    return told != group.principal or not group.principal
