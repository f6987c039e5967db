"""What was bound, route by route: from which place of which endpoint to which, how surely, with one pair as evidence.

Rule: places, counts, kinds and lengths; never a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from replay.correlate.binding import Binding, Source
from replay.correlate.renewal import Fresh
from replay.correlate.shapes import EMAIL, UUID
from replay.model.endpoint import endpoint_of
from replay.model.exchange import Exchange
from replay.model.message import text_of
from replay.model.tree import Scalar, pattern

_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_HEX = re.compile(r"(?=.*\d)[0-9a-fA-F]{8,}")


@dataclass(frozen=True, slots=True)
class Route:
    """All bindings between two places. `confidence` is the lowest one, 0..1; `shortest` and `longest` in characters.

    The evidence is the first pair: an exchange whose response gave a value, and the one whose request returned it.
    """

    endpoint: str
    place: str
    from_endpoint: str
    from_place: str
    noun: str
    confidence: float
    bindings: int
    values: int
    kind: str
    shortest: int
    longest: int
    given_by: str
    returned_by: str


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """Values that clients make at one place, renewed in every world."""

    endpoint: str
    place: str
    kind: str
    values: int


def routes_of(bindings: Iterable[Binding], exchanges: Mapping[str, Exchange]) -> tuple[Route, ...]:
    """By endpoint and place of the request; the best source of every binding counts."""
    groups: dict[tuple[str, str, str, str], list[Binding]] = {}
    for binding in bindings:
        source = binding.sources[0]
        consumer, producer = exchanges[binding.exchange_id], exchanges[source.exchange_id]
        at = _endpoint(consumer), pattern(binding.place), _endpoint(producer), pattern(source.place)
        groups.setdefault(at, []).append(binding)
    return tuple(_route(at, groups[at]) for at in sorted(groups))


def own_places(fresh: Iterable[Fresh], exchanges: Mapping[str, Exchange]) -> tuple[OwnPlace, ...]:
    """By endpoint, place and kind of what the clients make."""
    counts: dict[tuple[str, str, str], int] = {}
    for item in fresh:
        at = _endpoint(exchanges[item.exchange_id]), item.place, item.kind.value
        counts[at] = counts.get(at, 0) + 1
    return tuple(OwnPlace(*at, values) for at, values in sorted(counts.items()))


def _route(at: tuple[str, str, str, str], found: list[Binding]) -> Route:
    texts = [text_of(binding.value) for binding in found]
    source: Source = found[0].sources[0]
    kinds = {kind_of(binding.value) for binding in found}
    return Route(
        *at,
        noun="" if "(part)" in at[1] + at[3] else found[0].noun,  # of user-17 the word before is a part of the value
        confidence=min(binding.confidence for binding in found),
        bindings=len(found),
        values=len(set(texts)),
        kind=" or ".join(sorted(kinds)),
        shortest=min(map(len, texts)),
        longest=max(map(len, texts)),
        given_by=source.exchange_id,
        returned_by=found[0].exchange_id,
    )


def kind_of(value: Scalar) -> str:
    """What a value is by its shape: number, digits, UUID, e-mail, JWT, hex, text."""
    if not isinstance(value, str):
        return "number"
    if value.isascii() and value.isdigit():
        return "digits"
    shapes = ((UUID, "UUID"), (EMAIL, "e-mail"), (_JWT, "JWT"), (_HEX, "hex"))
    return next((name for shape, name in shapes if shape.fullmatch(value)), "text")


def _endpoint(exchange: Exchange) -> str:
    return endpoint_of(exchange.request.method, exchange.request.target)
