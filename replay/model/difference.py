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
    SHAPE = "shape"  # same class of value
    TYPE = "type"
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


@dataclass(frozen=True, slots=True)
class Noise:
    """All rules learned from the controls. A place without a rule must be equal.

    A status has a rule wherever it was compared, steady or not: counts of groups and shards add up to a share.
    """

    rules: tuple[NoiseRule, ...] = ()

    def noisy(self) -> tuple[NoiseRule, ...]:
        """The rules of places that differed."""
        return tuple(rule for rule in self.rules if rule.differing)

    def by_place(self) -> dict[tuple[str, str], NoiseRule]:
        return {(rule.endpoint, rule.place): rule for rule in self.rules}
