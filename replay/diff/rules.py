"""Noise as the comparison asks for it: which relation must hold at this place?"""

from __future__ import annotations

from dataclasses import dataclass, field

from replay.diff.above import with_all_above
from replay.model.difference import Domains, Noise, NoiseRule, Relation

_FLAKY_SHARE = 0.1  # above it two clean replays agree on a chance status too often to speak against the recording


@dataclass(frozen=True, slots=True)
class Rules:
    """Looks rules up; below a place that comes and goes everything is as loose as that place."""

    by_place: dict[tuple[str, str], NoiseRule]
    domains: Domains = ()
    is_live: bool = False  # compared is a live replay, as those were that taught the noise
    _known: dict[tuple[str, str], Relation] = field(default_factory=dict)
    _above: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, noise: Noise, *, is_live: bool = False) -> Rules:
        return cls(noise.by_place(), noise.domains, is_live)

    def relation(self, endpoint: str, place: str) -> Relation:
        """EQUAL without a rule; VARIABLE wherever a place above varies and nothing was learned here."""
        key = (endpoint, place)
        found = self._known.get(key)
        if found is None:
            rule = self.by_place.get(key)
            found = rule.relation if rule else self._inherited(endpoint, place)
            self._known[key] = found
        return found

    def _inherited(self, endpoint: str, place: str) -> Relation:
        end = len(place)
        while (end := max(place.rfind(".", 0, end), place.rfind("[*]", 0, end))) > 0:
            above = self.by_place.get((endpoint, place[:end]))
            if above and above.relation is Relation.VARIABLE:
                return Relation.VARIABLE
        return Relation.EQUAL

    def limit(self, endpoint: str, place: str) -> float:
        """Of TOLERANCE: the largest share by which clean replays differed."""
        rule = self.by_place.get((endpoint, place))
        return rule.limit if rule else 0.0

    def unordered_lists(self, endpoint: str) -> list[str]:
        """Places of lists whose order varies by itself."""
        return [
            place
            for (where, place), rule in self.by_place.items()
            if where == endpoint and rule.relation is Relation.UNORDERED
        ]

    def is_loose_below(self, endpoint: str, place: str) -> bool:
        """False: at this place and everywhere below it EQUAL is asked."""
        if endpoint not in self._above:
            places = (rule.place for (at, _), rule in self.by_place.items() if at == endpoint)
            self._above[endpoint] = with_all_above(places)
        return place in self._above[endpoint] or self.relation(endpoint, place) is Relation.VARIABLE

    def is_loose_list(self, endpoint: str, place: str) -> bool:
        """True when the list's length varies by itself."""
        return self.relation(endpoint, f"{place}[*]") is Relation.VARIABLE

    def is_flaky(self, endpoint: str) -> bool:
        """True when statuses of this endpoint vary so often that one of them proves nothing."""
        rule = self.by_place.get((endpoint, "status"))
        return rule is not None and rule.differing > _FLAKY_SHARE * rule.pairs
