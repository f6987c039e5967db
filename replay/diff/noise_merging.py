"""Noise learned apart (by groups of a run, by shards of a capture) added up, and what it takes back."""

from __future__ import annotations

from replay.diff.rules import Rules
from replay.model.difference import DifferenceKind, Noise, NoiseRule, Relation

_WEAKNESS = {relation: i for i, relation in enumerate(Relation)}  # strongest first, as they are declared
_OF_VALUES = frozenset({DifferenceKind.VALUE, DifferenceKind.RENAMING})


def merged_noise(one: Noise, other: Noise) -> Noise:
    """At each place the weaker relation of both, and the counts of both."""
    if not other.rules:
        return one
    rules = one.by_place()
    for rule in other.rules:
        known = rules.get((rule.endpoint, rule.place))
        rules[rule.endpoint, rule.place] = _weaker(known, rule) if known else rule
    domains = tuple(sorted({*one.domains, *other.domains}, key=sorted))
    return Noise(tuple(rules[key] for key in sorted(rules)), domains)


def is_explained(kind: DifferenceKind, endpoint: str, place: str, noise: Noise) -> bool:
    """True when noise that was learned later or elsewhere leaves nothing of such a difference."""
    rules = Rules.of(noise)
    if kind is DifferenceKind.FAULT or kind is DifferenceKind.MEDIA_TYPE:
        return False
    if kind is DifferenceKind.STATUS:
        return rules.is_flaky(endpoint)
    if kind is DifferenceKind.LENGTH:
        return rules.is_loose_list(endpoint, place)
    relation = rules.relation(endpoint, place)
    return relation is Relation.VARIABLE or (kind in _OF_VALUES and relation is not Relation.EQUAL)


def _weaker(one: NoiseRule, other: NoiseRule) -> NoiseRule:
    relation = max(one.relation, other.relation, key=_WEAKNESS.__getitem__)
    pairs, differing = one.pairs + other.pairs, one.differing + other.differing
    return NoiseRule(one.endpoint, one.place, relation, pairs, differing, max(one.limit, other.limit))
