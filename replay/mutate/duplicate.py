"""The client sends the same thing twice: an impatient user, or a retry after an answer that got lost."""

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


@dataclass(frozen=True, slots=True)
class Duplicate:
    """`copies` of one request in all, one after another."""

    copies: int = 2  # 2..

    name: ClassVar[str] = "duplicate"
    expectation: ClassVar[Expectation] = Expectation.AT_MOST_ONCE

    def __post_init__(self) -> None:
        if self.copies < 2:
            raise ConfigError("[mutators.duplicate] copies must be 2 or more.")

    def sites(self, session: Session) -> Iterable[Site]:
        return repeatable(session)

    def apply(self, session: Session, site: Site, rng: Random) -> tuple[Step, ...]:  # noqa: ARG002 - nothing left to chance
        def change(exchange: Exchange) -> tuple[Step, ...]:
            return tuple(Step(exchange.id, exchange.request, mutated=True, copy=n) for n in range(self.copies))

        return steps_with(session, site, change)
