"""A difference is a value with a place, not a string; noise is what clean replays do to themselves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from replay.model.tree import Scalar


class DifferenceKind(StrEnum):
    FAULT = "fault"  # one side has no response
    STATUS = "status"  # bodies are then not compared
    MEDIA_TYPE = "media-type"
    MISSING = "missing"  # recorded, no longer answered
    ADDED = "added"
    TYPE = "type"
    VALUE = "value"
    LENGTH = "length"  # of a list
    RENAMING = "renaming"  # an id that maps elsewhere to something else
    SLOWER = "slower"  # than the known-good build
    DRIFT = "drift"  # values that vary by themselves, and that still are not those of the recording


@dataclass(frozen=True, slots=True)
class Difference:
    """`expected` is the recording's word (a stand-in), `observed` the target's."""

    exchange_id: str
    endpoint: str
    place: str  # a pattern such as body.items[*].total
    kind: DifferenceKind
    expected: Scalar = None
    observed: Scalar = None
    remark: str = ""  # e.g. "recorded 17 maps to 42 in 31 answers, here 57"


class Relation(StrEnum):
    """What still holds at a place between clean replays, strongest first."""

    EQUAL = "equal"
    RENAMED = "renamed"  # one-to-one renaming: ids, tokens, fresh values
    TIME = "time"  # both are times; the distance varies
    TOLERANCE = "tolerance"  # fractions that differ by a `limit` of their size at most, and from each other by far more
    SHAPE = "shape"  # same class of value
    TYPE = "type"
    UNORDERED = "unordered"  # of a list: the same elements in any order
    VARIABLE = "variable"  # a list whose length varies; presence of the place itself varies
    UNSTABLE = "unstable"  # the status itself varies


@dataclass(frozen=True, slots=True)
class NoiseRule:
    """At this place of this endpoint only `relation` holds, seen in `differing` of `pairs` pairs of clean replays."""

    endpoint: str
    place: str
    relation: Relation
    pairs: int
    differing: int
    limit: float = 0.0  # of TOLERANCE: the largest difference seen, as a share of the value


Domains = tuple[frozenset[tuple[str, str]], ...]
"""Groups of (endpoint, place) that name things of one sort: a course is 17 in all of them."""


@dataclass(frozen=True, slots=True)
class Noise:
    """All rules learned from the controls. A place without a rule must be equal.

    A status has a rule wherever it was compared, steady or not: counts of groups and shards add up to a share.
    """

    rules: tuple[NoiseRule, ...] = ()
    domains: Domains = ()

    def noisy(self) -> tuple[NoiseRule, ...]:
        """The rules of places that differed."""
        return tuple(rule for rule in self.rules if rule.differing)

    def by_place(self) -> dict[tuple[str, str], NoiseRule]:
        return {(rule.endpoint, rule.place): rule for rule in self.rules}


@dataclass(frozen=True, slots=True)
class Coverage:
    """How closely one endpoint's answers are compared: counts of leaves in so many recorded answers."""

    endpoint: str
    answers: int
    equal: int  # must be equal
    weaker: int  # a weaker relation must hold
    unchecked: int  # nothing is asked of the value

    @property
    def leaves(self) -> int:
        return self.equal + self.weaker + self.unchecked

    @property
    def told(self) -> str:
        """`91 % equal, 8 % weaker, 1 % unchecked of 212 values`."""
        shares = ((self.equal, "equal"), (self.weaker, "weaker"), (self.unchecked, "unchecked"))
        total = max(1, self.leaves)
        return ", ".join(f"{100 * n / total:.0f} % {what}" for n, what in shares) + f" of {self.leaves} values"

    def plus(self, other: Coverage) -> Coverage:
        """Of both together, under this one's name."""
        counts = (self.equal + other.equal, self.weaker + other.weaker, self.unchecked + other.unchecked)
        return Coverage(self.endpoint, self.answers + other.answers, *counts)
