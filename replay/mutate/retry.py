"""A client whose request broke sends it again: with the same idempotency key, with a new one, with none.

    lost answer | timeout at 10, 50, 90 % | break in head or body     then the same request, at once
    409, 423, 425, 429, 5xx                                           then once more when the answer says, or in 2 s

Rule: whether the first one was carried out cannot be known to the client. A key that both carry asks for one effect.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from replay.model.case import Expectation, Site, Step, steps_with
from replay.model.errors import ConfigError
from replay.model.exchange import Exchange
from replay.model.session import Session
from replay.mutate.breaks import BODY_BREAKS, BREAKS, chosen_breaks
from replay.mutate.keys import another_key, sure_key, with_key, without_key
from replay.mutate.sites import repeatable, site_of

_NEW, _NONE = "new-key", "no-key"


@dataclass(frozen=True, slots=True)
class Retry:
    """`lock_seconds`: a key that is still in use so long after its client went away is stuck."""

    at: tuple[str, ...] = ("answered", "waiting-10", "waiting-50", "waiting-90", "headers", "mid-body")
    again_seconds: float = 2.0
    lock_seconds: float = 60.0

    name: ClassVar[str] = "retry"
    expectation: ClassVar[Expectation] = Expectation.AT_MOST_ONCE

    def __post_init__(self) -> None:
        chosen_breaks("retry", self.at)
        if not 0 <= self.again_seconds <= self.lock_seconds:
            raise ConfigError("[mutators.retry] again_seconds must be 0 or more, and no more than lock_seconds.")

    def sites(self, session: Session) -> Iterable[Site]:
        """`answered`, and where the request carries a key also `answered new-key` and `answered no-key`."""
        for site in repeatable(session):
            exchange = session.exchanges[session.index_of(site.exchange_id)]
            for name in self.at:
                if name not in BODY_BREAKS or len(exchange.request.body.data) > 1:
                    yield site_of(exchange, name)
                    if sure_key(exchange.request):
                        yield site_of(exchange, f"{name} {_NEW}")
                        yield site_of(exchange, f"{name} {_NONE}")

    def apply(self, session: Session, site: Site, rng: Random) -> tuple[Step, ...]:
        name, _, key = site.variant.partition(" ")

        def change(exchange: Exchange) -> tuple[Step, ...]:
            lost = Step(exchange.id, exchange.request, mutated=True, cut=BREAKS[name])
            again = _again(exchange, key, rng)
            return (lost, again, *self._later(exchange)) if again.request == exchange.request else (lost, again)

        return steps_with(session, site, change)

    def _later(self, exchange: Exchange) -> tuple[Step, ...]:
        """Once more when told to come back, and a last time when a lock has had all its time."""
        return tuple(
            Step(exchange.id, exchange.request, mutated=True, copy=2 + n, wait_seconds=wait, only_if_busy=True)
            for n, wait in enumerate((self.again_seconds, self.lock_seconds))
        )


def _again(exchange: Exchange, key: str, rng: Random) -> Step:
    request, known = exchange.request, sure_key(exchange.request)
    if key == _NEW and known is not None:
        made = another_key(known.value, rng)
        return Step(exchange.id, with_key(request, made), mutated=True, copy=1, made_up=(made,))
    return Step(exchange.id, without_key(request) if key == _NONE else request, mutated=True, copy=1)
