"""Answers of two traces that belong together, and what redaction did at their places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from replay.diff.above import with_all_above
from replay.diff.bodies.places import other_names
from replay.model.evidence import Attempt, Trace

Redacted: TypeAlias = "Callable[[str, str, str], str]"
"""`redacted(endpoint, side, place_pattern)`: the class that redaction replaced there; empty when it kept the value."""


@runtime_checkable
class Table(Protocol):
    """A `Redacted` that can list the places of an endpoint's answers where it knows a class."""

    def __call__(self, endpoint: str, side: str, place: str, /) -> str: ...

    def answered_at(self, endpoint: str) -> Iterable[str]: ...


def nothing_redacted(endpoint: str, side: str, place: str) -> str:  # noqa: ARG001 - a Redacted
    """For traces that are all live, and for captures of synthetic traffic."""
    return ""


def first_attempts(trace: Trace) -> dict[str, Attempt]:
    """Per recorded exchange the attempt that plays it; copies are a mutation's doing and are not compared."""
    out: dict[str, Attempt] = {}
    for attempt in trace.attempts:
        if attempt.copy == 0:
            out.setdefault(attempt.exchange_id, attempt)
    return out


def align(left: Trace, right: Trace) -> Iterator[tuple[Attempt, Attempt]]:
    """Pairs of attempts that play the same recorded exchange, in the left trace's order."""
    others = first_attempts(right)
    for exchange_id, attempt in first_attempts(left).items():
        if exchange_id in others:
            yield attempt, others[exchange_id]


@dataclass(frozen=True, slots=True)
class Redaction:
    """`redacted` for responses, remembered per place; knows how the diff room's places are called elsewhere."""

    redacted: Redacted
    _known: dict[tuple[str, str], str] = field(default_factory=dict)
    _above: dict[str, set[str]] = field(default_factory=dict)

    def has_named_keys(self, endpoint: str, place: str) -> bool:
        """True when redaction replaced keys beside `place`: it notes them at the object that holds them."""
        parent = place.rpartition(".")[0]
        return not parent.startswith("set-cookie.") and bool(self.class_at(endpoint, parent))

    def may_stand_below(self, endpoint: str, place: str) -> bool:
        """False: at this place and everywhere below it the recording is verbatim. True when nobody can tell."""
        if self.redacted is nothing_redacted:
            return False
        if not isinstance(self.redacted, Table):
            return True
        if endpoint not in self._above:
            known = with_all_above(self.redacted.answered_at(endpoint))
            self._above[endpoint] = known | {"header"} if "location" in known else known
        known = self._above[endpoint]
        return place in known or any(name in known for name in other_names(place))

    def class_at(self, endpoint: str, place: str) -> str:
        """The class that replaced the value at `place` in the recording, or an empty string."""
        key = (endpoint, place)
        found = self._known.get(key)
        if found is None:
            names = (self.redacted(endpoint, "response", name) for name in _names_of(place))
            found = self._known[key] = next((name for name in names if name), "")
        return found


def _names_of(place: str) -> tuple[str, ...]:
    """`header.x` is the field `header.x[*]` to the redactor; Location and cookie attributes have their own places."""
    if place == "header.location":
        return (place, f"{place}[*]", "location[*]", "location")
    if place.startswith("header."):
        return (place, f"{place}[*]")
    if place.startswith("set-cookie.") and place.endswith(".path"):
        return (place, "set-cookie.attribute", "set-cookie.attribute[*]")
    return (place, *other_names(place))
