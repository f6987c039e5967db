"""What the server gave and the client gave back: a request place, and the response places its value came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from replay.model.tree import Place, Scalar


@dataclass(frozen=True, slots=True)
class Source:
    """A place in the response of a recorded exchange (see `answers` for places inside links)."""

    exchange_id: str
    place: Place


@dataclass(frozen=True, slots=True, repr=False)
class Binding:
    """The value at `place` of that exchange's request came from `sources`, best first.

    `value` is the recorded one; `noun` is what it names (`course`, `token`), empty when only its shape speaks.
    `confidence` 0..1: see `learn`.
    """

    exchange_id: str
    place: Place
    value: Scalar
    sources: tuple[Source, ...]
    noun: str
    confidence: float

    def __repr__(self) -> str:  # the value may be a token
        return f"Binding({self.exchange_id}, {self.noun or 'value'}, {len(self.sources)} sources)"


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

    @property
    def all(self) -> tuple[Binding, ...]:
        return self._all

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
