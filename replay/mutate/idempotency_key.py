"""What an idempotency key means to the target: one request of one client, or whatever comes first under it?

    other-body      key, body A | the same key, body B | another key, body C
    other-tenant    A's request under its key | B's own request under A's key | B's own request under B's key
    other-endpoint  key, this endpoint | the same key, another endpoint of the session

Rule: the same key with the same body is `duplicate`'s and `race`'s, and after a broken connection `retry`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from replay.model.case import Expectation, Injected, Site, Step, steps_with
from replay.model.endpoint import endpoint_of
from replay.model.exchange import Exchange, Request
from replay.model.message import with_values
from replay.model.session import Session
from replay.model.tree import Place, pattern
from replay.mutate.free_text import best_free_text, make_text
from replay.mutate.keys import another_key, sure_key, with_key
from replay.mutate.rebody import with_body
from replay.mutate.sites import last_key, repeatable, site_of

OTHER_BODY, OTHER_TENANT, OTHER_ENDPOINT = "other-body", "other-tenant", "other-endpoint"
_SHORTEST_TEXT = 8  # characters; in a shorter one a marker is not unique
_SHOWN_CHARS = 64  # a probe keeps the head of a long cell only


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Requests that were recorded with a key, and worked."""

    name: ClassVar[str] = "idempotency-key"
    expectation: ClassVar[Expectation] = Expectation.KEY_HONOURED

    def sites(self, session: Session) -> Iterable[Site]:
        for site in repeatable(session):
            exchange = session.exchanges[session.index_of(site.exchange_id)]
            if sure_key(exchange.request) is None:
                continue
            if best_free_text(exchange.request, _SHORTEST_TEXT):
                yield site_of(exchange, OTHER_BODY)
            yield site_of(exchange, OTHER_TENANT)
            if _elsewhere(session, exchange):
                yield site_of(exchange, OTHER_ENDPOINT)

    def needs_other(self, site: Site) -> bool:
        return site.variant == OTHER_TENANT

    def fits_other(self, exchange: Exchange) -> bool:
        return sure_key(exchange.request) is not None

    def apply(self, session: Session, site: Site, rng: Random) -> tuple[Step, ...]:
        def change(exchange: Exchange) -> tuple[Step, ...]:
            first = Step(exchange.id, exchange.request, mutated=True)
            if site.variant == OTHER_BODY:
                return (first, *_other_bodies(exchange, rng))
            key, other = sure_key(exchange.request), _elsewhere(session, exchange)
            if key is None or other is None:
                return (first,)
            return (first, Step(other.id, with_key(other.request, key.value), mutated=True, copy=1))

        return steps_with(session, site, change)

    def apply_with(self, session: Session, site: Site, other: Exchange, rng: Random) -> tuple[Step, ...]:  # noqa: ARG002 - nothing left to chance
        """`other` is the other tenant's own request, which worked under a key of its own."""

        def change(exchange: Exchange) -> tuple[Step, ...]:
            key = sure_key(exchange.request)
            borrowed = with_key(other.request, key.value) if key else other.request
            return (
                Step(exchange.id, exchange.request, mutated=True),
                Step(other.id, borrowed, mutated=True, copy=1),
                Step(other.id, other.request, mutated=True, copy=2),
            )

        return steps_with(session, site, change)

    def injected(self, session: Session, site: Site, rng: Random) -> tuple[Injected, ...]:
        """The texts of body B and C: what of them was kept tells whether they were looked at."""
        if site.variant != OTHER_BODY:
            return ()
        exchange = session.exchanges[session.index_of(site.exchange_id)]
        made = _new_texts(exchange.request, rng)
        return tuple(Injected(pattern(place), last_key(place), text[:_SHOWN_CHARS]) for place, text in made)


def _other_bodies(exchange: Exchange, rng: Random) -> tuple[Step, ...]:
    request, key = exchange.request, sure_key(exchange.request)
    texts = _new_texts(request, rng)
    if key is None or not texts:
        return ()
    (place, second), (_, third) = texts
    fresh = another_key(key.value, rng)
    return (
        Step(exchange.id, _with_text(request, place, second), mutated=True, copy=1),
        Step(exchange.id, with_key(_with_text(request, place, third), fresh), mutated=True, copy=2, made_up=(fresh,)),
    )


def _new_texts(request: Request, rng: Random) -> tuple[tuple[Place, str], ...]:
    best = best_free_text(request, _SHORTEST_TEXT)
    return tuple((best[0], make_text(rng, len(best[1]))) for _ in range(2)) if best else ()


def _with_text(request: Request, place: Place, text: str) -> Request:
    changed = with_values(request, {place: text})
    return with_body(changed, changed.body.data)


def _elsewhere(session: Session, exchange: Exchange) -> Exchange | None:
    """The session's next request of another endpoint that worked under a key."""
    own = endpoint_of(exchange.request.method, exchange.request.target)
    for site in repeatable(session):
        other = session.exchanges[session.index_of(site.exchange_id)]
        if site.endpoint != own and sure_key(other.request) is not None:
            return other
    return None
