"""One binding: a request place, and the response places its value came from."""

from __future__ import annotations

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
