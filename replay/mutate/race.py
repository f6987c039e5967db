"""The same thing is sent several times at once: a double click, two tabs, a retry that overtakes its original."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from replay.model.case import Expectation, Site, Step, steps_with
from replay.model.errors import ConfigError
from replay.model.exchange import Exchange
from replay.model.session import Session
from replay.mutate.sites import repeatable

_GROUP = 1  # a case has one site, so one group is enough


@dataclass(frozen=True, slots=True)
class Race:
    """`copies` sent truly at once, in at most `rounds` fresh worlds until the first hit.

    Three copies: two miss some races that three find 10 times in 10 (measured with last-byte synchronisation).
    """

    copies: int = 3  # 2..
    rounds: int = 5  # 1..

    name: ClassVar[str] = "race"
    expectation: ClassVar[Expectation] = Expectation.AT_MOST_ONCE

    def __post_init__(self) -> None:
        if self.copies < 2:
            raise ConfigError("[mutators.race] copies must be 2 or more.")
        if self.rounds < 1:
            raise ConfigError("[mutators.race] rounds must be 1 or more.")

    def sites(self, session: Session) -> Iterable[Site]:
        return repeatable(session)

    def apply(self, session: Session, site: Site, rng: Random) -> tuple[Step, ...]:  # noqa: ARG002 - nothing left to chance
        def change(exchange: Exchange) -> tuple[Step, ...]:
            request = exchange.request
            return tuple(Step(exchange.id, request, mutated=True, group=_GROUP, copy=n) for n in range(self.copies))

        return steps_with(session, site, change)
