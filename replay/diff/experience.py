"""Noise that was learned from several runs: what a person reviews, accepts, and what is forgotten again.

    learn (a run)  -> rules that are new, seen again, or equal again      retired after so many runs in which a
    accept (a person) -> rules that runs take for granted from then on    place that was compared was equal

Rule: only what a person accepted changes a verdict. Nobody can accept a rule for a whole answer or for a status, and a
place that may come and go is accepted in so many words.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from replay.model.difference import Noise, NoiseRule, Relation
from replay.model.errors import UsageError

RETIRED_AFTER = 3  # runs in a row in which the place was equal
_ROOTS = frozenset({"", "body", "header", "set-cookie", "status", "fault"})
_STRUCTURAL = frozenset({Relation.VARIABLE, Relation.UNSTABLE})

Key = tuple[str, str]


class Origin(StrEnum):
    """Who made a rule."""

    LEARNED = "learned"
    USER = "user"


@dataclass(frozen=True, slots=True)
class KnownRule:
    """A rule over all runs that were learned from. `pairs` and `differing` of the rule are sums."""

    rule: NoiseRule
    runs: int = 1  # in which the place differed
    equal_runs: int = 0  # since it differed last
    origin: Origin = Origin.LEARNED
    is_accepted: bool = False
    reason: str = ""  # a person's

    @property
    def key(self) -> Key:
        return self.rule.endpoint, self.rule.place


@dataclass(frozen=True, slots=True)
class Experience:
    """`version` grows with every change: a review names what it has seen."""

    version: int = 0
    rules: tuple[KnownRule, ...] = ()

    def find(self, endpoint: str, place: str) -> KnownRule | None:
        return next((one for one in self.rules if one.key == (endpoint, place)), None)

    def applied(self) -> Noise:
        """What a run takes for granted."""
        return Noise(tuple(replace(one.rule, pairs=1, differing=1) for one in self.rules if one.is_accepted))


def learned(before: Experience, noise: Noise, endpoints: Collection[str]) -> Experience:
    """One more run: rules are added, confirmed, and retired where the place was equal. `endpoints` were compared."""
    seen = {(rule.endpoint, rule.place): rule for rule in noise.noisy()}
    kept = [_aged(one, seen.pop(one.key, None), endpoints) for one in before.rules]
    rules = [one for one in kept if one is not None] + [KnownRule(rule) for rule in seen.values()]
    return _changed(before, rules)


def accepted(before: Experience, endpoint: str, place: str, relation: Relation | None, reason: str) -> Experience:
    """The same with this rule taken for granted; `relation` given: the person's own. Raises UsageError."""
    known = before.find(endpoint, place)
    if known is None and relation is None:
        raise UsageError("There is no such rule to accept: `replay noise show` lists them, --relation makes one.")
    chosen = relation or (known.rule.relation if known else Relation.EQUAL)
    _require_acceptable(place, chosen, is_said=relation is not None)
    if known is None:
        made = KnownRule(NoiseRule(endpoint, place, chosen, 0, 0), 0, 0, Origin.USER)
    else:
        origin = known.origin if chosen is known.rule.relation else Origin.USER
        made = replace(known, rule=replace(known.rule, relation=chosen), origin=origin)
    others = [one for one in before.rules if one.key != made.key]
    return _changed(before, [*others, replace(made, is_accepted=True, reason=reason or made.reason)])


def _require_acceptable(place: str, relation: Relation, *, is_said: bool) -> None:
    if place in _ROOTS:
        raise UsageError("A whole answer, or its status, cannot be ignored: name a place inside of it.")
    if relation in {Relation.EQUAL, Relation.UNSTABLE}:
        raise UsageError(f"The relation `{relation}` is none that a place can be given: it is what replays measure.")
    if relation in _STRUCTURAL and not is_said:
        raise UsageError(
            f"This rule would let a place come and go: say so with --relation {relation}, or accept a stronger one."
        )


def _aged(known: KnownRule, seen: NoiseRule | None, endpoints: Collection[str]) -> KnownRule | None:
    """After one more run. None: retired. What a person made stays, until that person takes it out."""
    if seen is not None:
        was = known.rule
        weaker = max(was.relation, seen.relation, key=list(Relation).index)
        relation = was.relation if known.is_accepted else weaker  # nobody accepted the weaker one
        counts = (was.pairs + seen.pairs, was.differing + seen.differing)
        rule = NoiseRule(was.endpoint, was.place, relation, *counts, max(was.limit, seen.limit))
        return replace(known, rule=rule, runs=known.runs + 1, equal_runs=0)
    if known.rule.endpoint not in endpoints or known.origin is Origin.USER:
        return known
    equal = known.equal_runs + 1
    return None if equal >= RETIRED_AFTER else replace(known, equal_runs=equal)


def _changed(before: Experience, rules: list[KnownRule]) -> Experience:
    ordered = tuple(sorted(rules, key=lambda one: one.key))
    return before if ordered == before.rules else Experience(before.version + 1, ordered)
