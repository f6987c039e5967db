"""The clauses that a selector is made of: side, route, location, name or path.

An alternative of a selector is one clause, the anchor, that says which value is meant, and others that say what must,
or must not, hold besides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from replay.redact import json_path
from replay.redact.json_path import Steps, Trail
from replay.redact.kinds import Side
from replay.redact.re2_patterns import Pattern
from replay.redact.route_patterns import RoutePattern

DOCUMENTS = frozenset(("body", "ws", "jwt", "graphql"))
"""Locations in which a place is a path."""
INNER = frozenset(("jwt", "graphql"))
"""Those of documents that stand inside of other values, wherever these stand."""


@dataclass(frozen=True, slots=True)
class NameMatch:
    """Names as they stand in a selector, or one regular expression; neither: every name."""

    names: frozenset[str] = frozenset()
    regex: str = ""
    pattern: Pattern | None = field(default=None, compare=False, repr=False)

    def matches(self, name: str) -> bool:
        if self.pattern is not None:
            return self.pattern.search(name) is not None
        return not self.names or name in self.names

    @property
    def specificity(self) -> tuple[int, int]:
        return int(bool(self.names or self.regex)), int(bool(self.names))


class Spot(NamedTuple):
    """What a clause is asked about: one place of one exchange. `name` of a field, `trail` of a document's place."""

    side: Side
    routes: frozenset[RoutePattern]  # of the policy, those that the request is on
    location: str
    name: str = ""
    trail: Trail = ()


@dataclass(frozen=True, slots=True)
class Clause:
    side: Side | None = None
    route: RoutePattern | None = None
    location: str = ""
    name: NameMatch = NameMatch()
    steps: Steps | None = None  # of a document's path; None: all of the document

    def holds(self, spot: Spot, *, below: bool = False) -> bool:
        """`below`: also for what stands inside the place that the path names."""
        if (self.side and self.side is not spot.side) or (self.route and self.route not in spot.routes):
            return False
        if not self.location:
            return True
        if self.location != spot.location:
            return False
        if self.location not in DOCUMENTS:
            return self.name.matches(spot.name)
        if self.steps is None or json_path.fits(self.steps, spot.trail):
            return True
        return below and any(json_path.fits(self.steps, spot.trail[:i]) for i in range(len(spot.trail)))

    @property
    def specificity(self) -> tuple[tuple[int, ...], ...]:
        """Of the place, of the route, of the side: compared one by one."""
        place = (
            (0, 0)
            if self.location in DOCUMENTS and self.steps is None
            else json_path.specificity(self.steps)
            if self.steps is not None
            else self.name.specificity
        )
        return place, self.route.specificity if self.route else (0, 0, 0), (int(self.side is not None),)

    def __str__(self) -> str:
        """One spelling for each meaning."""
        regex = self.name.regex.replace("/", "\\/")
        names = "|".join(sorted(self.name.names))
        name = f"/{regex}/" if regex else f"'{names}'" if names else ""
        path = "" if self.steps is None else json_path.written(self.steps)
        route = f'"{self.route}"' if self.route else ""
        return " ".join(filter(None, (self.side or "any", route, self.location, name, path)))


@dataclass(frozen=True, slots=True)
class Alternative:
    """The anchor and what must hold, or must not hold, besides."""

    anchor: Clause
    others: tuple[Clause, ...] = ()
    nots: tuple[Clause, ...] = ()

    def allows(self, spot: Spot) -> bool:
        """True when all but the anchor's name or path holds, which has been looked at."""
        anchor = self.anchor
        if (anchor.side and anchor.side is not spot.side) or (anchor.route and anchor.route not in spot.routes):
            return False
        return all(one.holds(spot) for one in self.others) and not any(one.holds(spot, below=True) for one in self.nots)

    def __str__(self) -> str:
        besides = [*(f"and {one}" for one in self.others), *(f"and not {one}" for one in self.nots)]
        return " ".join([str(self.anchor), *sorted(besides)])
