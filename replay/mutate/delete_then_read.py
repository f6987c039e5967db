"""The client reads what it deleted: before, and once more after the target has said that it is gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from replay.model.case import Expectation, Site, Step, steps_with
from replay.model.exchange import Exchange
from replay.model.session import Session
from replay.mutate.sites import repeatable, site_of


@dataclass(frozen=True, slots=True)
class DeleteThenRead:
    """Where the recording read the very thing before it was deleted."""

    name: ClassVar[str] = "delete-then-read"
    expectation: ClassVar[Expectation] = Expectation.GONE

    def sites(self, session: Session) -> Iterable[Site]:
        for site in repeatable(session):
            exchange = session.exchanges[session.index_of(site.exchange_id)]
            if exchange.request.method == "DELETE" and _read_before(session, exchange):
                yield site_of(exchange)

    def apply(self, session: Session, site: Site, rng: Random) -> tuple[Step, ...]:  # noqa: ARG002 - nothing left to chance
        def change(exchange: Exchange) -> tuple[Step, ...]:
            deletion = Step(exchange.id, exchange.request, mutated=True)
            read = _read_before(session, exchange)
            if read is None:
                return (deletion,)
            return (
                Step(read.id, read.request, mutated=True, copy=1),
                deletion,
                Step(read.id, read.request, mutated=True, copy=2),
            )

        return steps_with(session, site, change)


def _read_before(session: Session, deletion: Exchange) -> Exchange | None:
    """The last successful read of the same target."""
    found = None
    for exchange in session.exchanges:
        if exchange.id == deletion.id:
            break
        response = exchange.response
        is_same = exchange.request.method == "GET" and exchange.request.target == deletion.request.target
        if is_same and response is not None and response.is_success and response.body.data:
            found = exchange
    return found
