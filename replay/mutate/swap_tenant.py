"""One tenant's request with another tenant's credentials: nothing may be read, nothing may be written.

A write carries fresh text, because writing the value that is already there changes nothing that anybody could see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from replay.model.case import Expectation, Injected, SentAs, Site, Step, steps_with
from replay.model.exchange import Exchange, Request
from replay.model.message import with_values
from replay.model.session import Session
from replay.model.tree import Place, pattern
from replay.mutate.free_text import best_free_text, make_text
from replay.mutate.rebody import with_body
from replay.mutate.sites import is_authenticated, is_sign_in, last_key, names_resource, site_of

VARIANT = "credentials"
_SHORTEST_TEXT = 8  # characters; in a shorter one a marker is not unique
_SHOWN_CHARS = 64  # a probe keeps the head of a long cell only


@dataclass(frozen=True, slots=True)
class SwapTenant:
    """The step at the site is sent as another tenant; the owner's remaining steps read back what happened."""

    name: ClassVar[str] = "swap-tenant"
    expectation: ClassVar[Expectation] = Expectation.REJECTED

    def sites(self, session: Session) -> Iterable[Site]:
        """Requests that worked with credentials and name one thing of their owner's.

        Plain lists are left out: with other credentials they rightly answer the other tenant's list.
        """
        for exchange in session.exchanges:
            if _is_owned(exchange, session.tenant):
                yield site_of(exchange, VARIANT)

    def apply(self, session: Session, site: Site, rng: Random) -> tuple[Step, ...]:
        def change(exchange: Exchange) -> tuple[Step, ...]:
            request = exchange.request
            text = _fresh_text(request, rng)
            if text:
                request = with_values(request, {text[0]: text[1]})
                request = with_body(request, request.body.data)
            return (Step(exchange.id, request, SentAs.OTHER_TENANT, mutated=True),)

        return steps_with(session, site, change)

    def injected(self, session: Session, site: Site, rng: Random) -> tuple[Injected, ...]:
        text = _fresh_text(session.exchanges[session.index_of(site.exchange_id)].request, rng)
        if not text:
            return ()
        place, value = text
        return (Injected(pattern(place), last_key(place), value[:_SHOWN_CHARS]),)


def _is_owned(exchange: Exchange, tenant: str) -> bool:
    request, response = exchange.request, exchange.response
    if response is None or not response.is_success or request.body.truncated or is_sign_in(request.path):
        return False
    return is_authenticated(request) and names_resource(request, tenant)


def _fresh_text(request: Request, rng: Random) -> tuple[Place, str] | None:
    """Where a write gets fresh text, and which; None for reads and for bodies without free text."""
    best = None if request.is_safe else best_free_text(request, _SHORTEST_TEXT)
    return (best[0], make_text(rng, len(best[1]))) if best else None
