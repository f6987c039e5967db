"""The client goes away while its request is under way: after the head, in the body, or before the answer.

Rule: nothing is sent again. Whatever the target did of it must be all of the effect or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from replay.model.case import Expectation, Site, Step, steps_with
from replay.model.exchange import Exchange
from replay.model.session import Session
from replay.mutate.breaks import BODY_BREAKS, BREAKS, chosen_breaks
from replay.mutate.sites import repeatable, site_of


@dataclass(frozen=True, slots=True)
class Abort:
    """`at`: where the connection breaks; `waiting-50`: after half of the time that a clean request takes."""

    at: tuple[str, ...] = ("headers", "mid-body", "waiting-10", "waiting-50", "waiting-90")

    name: ClassVar[str] = "abort"
    expectation: ClassVar[Expectation] = Expectation.WHOLE

    def __post_init__(self) -> None:
        chosen_breaks("abort", self.at)

    def sites(self, session: Session) -> Iterable[Site]:
        for site in repeatable(session):
            exchange = session.exchanges[session.index_of(site.exchange_id)]
            for name in self.at:
                if name not in BODY_BREAKS or len(exchange.request.body.data) > 1:
                    yield site_of(exchange, name)

    def apply(self, session: Session, site: Site, rng: Random) -> tuple[Step, ...]:  # noqa: ARG002 - nothing left to chance
        def change(exchange: Exchange) -> tuple[Step, ...]:
            return (Step(exchange.id, exchange.request, mutated=True, cut=BREAKS[site.variant]),)

        return steps_with(session, site, change)
