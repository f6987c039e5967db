"""Who plays the other tenant: a recorded exchange whose credentials are surely not the owner's.

Rule: both tenants must be known. Two sessions of unknown tenants may belong to one company, and sharing there is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from replay.model.case import Site
from replay.model.endpoint import endpoint_of
from replay.model.exchange import Exchange
from replay.model.session import Session
from replay.mutate.sites import is_authenticated, is_sign_in


def cast_other_tenant(session: Session, site: Site, sessions: Sequence[Session], rng: Random) -> Exchange | None:
    """An authenticated exchange of another known tenant: of the same endpoint if there is one, else any."""
    same: list[Exchange] = []
    others: list[Exchange] = []
    for other in sessions:
        if not _is_foreign(session, other):
            continue
        for exchange in _authenticated(other):
            is_same = endpoint_of(exchange.request.method, exchange.request.target) == site.endpoint
            (same if is_same else others).append(exchange)
    pool = same or others
    return rng.choice(pool) if pool else None


def cast_same_request(
    session: Session, site: Site, sessions: Sequence[Session], fits: Callable[[Exchange], bool], rng: Random
) -> Exchange | None:
    """Another known tenant's own, accepted and authenticated request to the site's endpoint."""
    pool = [
        exchange
        for other in sessions
        if _is_foreign(session, other)
        for exchange in _authenticated(other)
        if endpoint_of(exchange.request.method, exchange.request.target) == site.endpoint
        and exchange.status == session.exchanges[session.index_of(site.exchange_id)].status
        and fits(exchange)
    ]
    return rng.choice(pool) if pool else None


def _is_foreign(session: Session, other: Session) -> bool:
    """Another tenant and another person: one who works for two tenants may rightly see both."""
    if session.actor is None or other.actor is None or not session.tenant or not other.tenant:
        return False
    principal = session.actor.principal
    return other.tenant != session.tenant and (not principal or other.actor.principal != principal)


def _authenticated(session: Session) -> Iterator[Exchange]:
    """Exchanges whose credentials worked in the recording."""
    for exchange in session.exchanges:
        request = exchange.request
        if 200 <= exchange.status < 400 and is_authenticated(request) and not is_sign_in(request.path):
            yield exchange
