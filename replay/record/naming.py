"""Which session a redacted exchange belongs to, and who its actor is.

Credentials decide; a login is tied to what it issued; what is left follows its client connection, unless that
connection is pooled (used for several principals):

    exchange carries a known token        -> that token's session
    ... an unknown token, accepted        -> the connection's session if nobody's or the same principal's, else new
    anonymous, quotes an issued token     -> that token's session (refresh, logout)
    anonymous, and issues a token (login) -> the connection's session if that is nobody's yet or the same principal's
    anonymous otherwise                   -> the connection's session; of its own when the connection is pooled

An actor becomes known late: the session's actor is updated by the exchange that tells it. A gap of more than
30 minutes (the usual web session timeout) begins another session.

A tenant that no credentials name is the one in the paths of the session's accepted writes (/o/acme/parcels): reading
there may be a share or a public page, and who writes for two tenants belongs to neither.

Rule: pure; memory is bounded, and what falls out of it only splits a session.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from replay.model.exchange import Exchange, Request
from replay.model.message import request_leaves
from replay.model.session import Actor
from replay.record.credentials import Credentials, credentials_of, issued_by, tenant_in_path

GAP_SECONDS = 30 * 60
MEMORY = 50_000  # tokens, connections and sessions remembered; about 20 MB when full

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Named:
    """The actor is None while nobody authenticated in the session."""

    session_id: str
    actor: Actor | None


@dataclass(slots=True)
class _Session:
    id: str
    last: float
    tenant: str = ""  # may be known before the principal: a tenant header on the login
    principal: str = ""
    has_login: bool = False  # something was issued in it, so a further login may be somebody else's
    written_for: str = ""  # the tenant in the paths of its accepted writes
    is_divided: bool = False  # there was more than one


@dataclass(slots=True)
class _Connection:
    session: _Session | None = None
    principals: set[str] = field(default_factory=set)

    @property
    def is_pooled(self) -> bool:
        return len(self.principals) > 1


class _Recent(Generic[_Value]):
    """A dictionary that forgets what was not used for longest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[str, _Value] = OrderedDict()

    def get(self, key: str) -> _Value | None:
        if key in self._entries:
            self._entries.move_to_end(key)
        return self._entries.get(key)

    def put(self, key: str, value: _Value) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)


class Namer:
    """Takes exchanges in the order in which they ended, as the recorder sees them."""

    def __init__(self, first: int = 1, memory: int = MEMORY) -> None:
        self._next = first
        self._by_token: _Recent[_Session] = _Recent(memory)
        self._by_connection: _Recent[_Connection] = _Recent(memory)
        self._knows_tenants = False  # some credentials name theirs

    def name(self, exchange: Exchange) -> Named:
        """The session of this exchange, and its actor as far as it is known now."""
        connection = self._connection(exchange.connection)
        credentials = credentials_of(exchange.request)
        issued = issued_by(exchange.response) if exchange.response else Credentials()
        if not self._is_proven(credentials, exchange):
            credentials = Credentials()
        if credentials.tokens:
            session = self._of_credentials(credentials, connection, exchange.started)
            session.principal = session.principal or credentials.actor.principal
            connection.principals.add(session.principal)
            connection.session = session
        else:
            session = self._of_anonymous(exchange, issued, connection)
        session.tenant = session.tenant or credentials.actor.tenant  # a tenant header also on the login itself
        self._remember(session, credentials.tokens, issued, exchange)
        if credentials.tokens:
            _note_write(session, exchange)
        self._knows_tenants = self._knows_tenants or bool(session.tenant)
        return Named(session.id, Actor(self._tenant_of(session), session.principal) if session.principal else None)

    def _tenant_of(self, session: _Session) -> str:
        """Named by credentials, else by paths. Never mixed in one capture: one tenant would have two names."""
        return session.tenant if self._knows_tenants or session.is_divided else session.written_for

    def _is_proven(self, credentials: Credentials, exchange: Exchange) -> bool:
        """False for unknown credentials that the server refused: a wrong guess makes no actor."""
        return exchange.status != 401 or any(self._by_token.get(token) for token in credentials.tokens)

    def _of_credentials(self, credentials: Credentials, connection: _Connection, now: float) -> _Session:
        for token in credentials.tokens:
            known = self._by_token.get(token)
            if known and _is_open(known, now):
                return known
        here = connection.session
        if here is None or not _is_open(here, now) or connection.is_pooled:
            return self._new(now)
        is_nobodys = not here.principal and not here.has_login
        return here if is_nobodys or here.principal == credentials.actor.principal else self._new(now)

    def _of_anonymous(self, exchange: Exchange, issued: Credentials, connection: _Connection) -> _Session:
        quoted = self._quoted(exchange.request, exchange.started)
        if quoted:
            return quoted
        here = connection.session
        if connection.is_pooled or not exchange.connection:
            return self._new(exchange.started)
        if here is None or not _is_open(here, exchange.started) or _is_other_login(here, issued):
            here = connection.session = self._new(exchange.started)
        return here

    def _quoted(self, request: Request, now: float) -> _Session | None:
        """The session of an issued token that stands anywhere in the request."""
        for _, value in request_leaves(request):
            known = self._by_token.get(value) if isinstance(value, str) else None
            if known and _is_open(known, now):
                return known
        return None

    def _remember(self, session: _Session, tokens: tuple[str, ...], issued: Credentials, exchange: Exchange) -> None:
        session.last = max(session.last, exchange.ended, exchange.started)
        if issued.tokens:
            session.has_login = True
            session.tenant = session.tenant or issued.actor.tenant
            session.principal = session.principal or issued.actor.principal
        for token in (*tokens, *issued.tokens):
            self._by_token.put(token, session)

    def _connection(self, name: str) -> _Connection:
        found = self._by_connection.get(name) if name else None
        if found is None:
            found = _Connection()
            if name:
                self._by_connection.put(name, found)
        return found

    def _new(self, now: float) -> _Session:
        session = _Session(f"s{self._next}", now)
        self._next += 1
        return session


def _note_write(session: _Session, exchange: Exchange) -> None:
    named = "" if exchange.request.is_safe else tenant_in_path(exchange.request)
    if named and 200 <= exchange.status < 300:
        session.is_divided = session.is_divided or session.written_for not in {"", named}
        session.written_for = named


def _is_open(session: _Session, now: float) -> bool:
    return now - session.last <= GAP_SECONDS


def _is_other_login(session: _Session, issued: Credentials) -> bool:
    """True when a login answer cannot be shown to belong to the connection's session."""
    if not issued.tokens or not (session.has_login or session.principal):
        return False
    return issued.actor.principal != session.principal or not session.principal
