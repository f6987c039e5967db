"""What the server gave and the client gave back, in a whole capture: bindings by consumer and by producer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from replay.correlate.binding import Binding, Source
from replay.correlate.plan import RewritePlan
from replay.model.tree import Place

__all__ = ["Binding", "Bindings", "Source"]

MOST_PLANS = 20_000  # about 2 KB each


class Bindings:
    """All bindings of a capture, by consumer and by producer.

    `introduced`: per exchange, those that first sent a value of the clients' own which it sends, too.
    """

    def __init__(
        self, bindings: Iterable[Binding] = (), introduced: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self._all = tuple(bindings)
        self._introduced = introduced or {}
        self._of: dict[str, tuple[Binding, ...]] = {}
        places: dict[str, dict[Place, None]] = {}
        for binding in self._all:
            self._of[binding.exchange_id] = (*self._of.get(binding.exchange_id, ()), binding)
            for source in binding.sources:
                places.setdefault(source.exchange_id, {})[source.place] = None
        self._places = {exchange_id: tuple(found) for exchange_id, found in places.items()}
        self.plans: dict[str, RewritePlan] = {}  # see `rebinder`; nothing is lost with it

    @property
    def all(self) -> tuple[Binding, ...]:
        return self._all

    def remember(self, exchange_id: str, plan: RewritePlan) -> None:
        """Keep a plan for the next world; a bounded number of them."""
        if len(self.plans) >= MOST_PLANS:
            self.plans.clear()
        self.plans[exchange_id] = plan

    def of(self, exchange_id: str) -> tuple[Binding, ...]:
        """What that exchange's request gives back."""
        return self._of.get(exchange_id, ())

    def sources_at(self, exchange_id: str) -> tuple[Place, ...]:
        """The places to read from that exchange's response."""
        return self._places.get(exchange_id, ())

    def dependencies(self, exchange_id: str) -> tuple[str, ...]:
        """The exchanges that gave, as best source, what this one gives back; then those that introduced the rest."""
        given = (binding.sources[0].exchange_id for binding in self.of(exchange_id))
        return tuple(dict.fromkeys((*given, *self._introduced.get(exchange_id, ()))))

    def __repr__(self) -> str:
        return f"Bindings({len(self._all)})"
