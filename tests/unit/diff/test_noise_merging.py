"""Noise learned apart adds up: the weaker relation, both counts."""

import pytest

from replay.diff.noise_merging import is_explained, merged_noise
from replay.model.difference import DifferenceKind, Noise, NoiseRule, Relation


def rule(place, relation, pairs=2, differing=1):
    return NoiseRule("GET /a", place, relation, pairs, differing)


def test_the_weaker_relation_and_both_counts_remain():
    one = Noise((rule("body.at", Relation.TIME), rule("body.id", Relation.RENAMED)))
    other = Noise((rule("body.at", Relation.VARIABLE, 3, 2), rule("body.x", Relation.TYPE)))
    merged = merged_noise(one, other).by_place()
    assert merged["GET /a", "body.at"] == rule("body.at", Relation.VARIABLE, 5, 3)
    assert set(merged) == {("GET /a", "body.at"), ("GET /a", "body.id"), ("GET /a", "body.x")}
    assert merged_noise(other, one).by_place() == merged, "the order does not matter"
    assert merged_noise(one, Noise()) == one


CASES = [
    (DifferenceKind.STATUS, "status", rule("status", Relation.UNSTABLE, 10, 5), True, "half of the pairs disagree"),
    (DifferenceKind.STATUS, "status", rule("status", Relation.UNSTABLE, 100, 1), False, "one in a hundred proves it"),
    (DifferenceKind.FAULT, "fault", rule("fault", Relation.VARIABLE), False, "no answer is no noise"),
    (DifferenceKind.LENGTH, "body.l", rule("body.l[*]", Relation.VARIABLE), True, "its length varies by itself"),
    (DifferenceKind.LENGTH, "body.l", rule("body.l", Relation.TYPE), False, "not its elements' presence"),
    (DifferenceKind.TYPE, "body.n", rule("body.n", Relation.TIME), False, "a time that becomes a list is another type"),
    (DifferenceKind.VALUE, "body.n", rule("body.n", Relation.TYPE), True, "only the type holds"),
]


@pytest.mark.parametrize(("kind", "place", "known", "explained", "remark"), CASES)
def test_what_noise_explains(kind, place, known, explained, remark):
    assert is_explained(kind, "GET /a", place, Noise((known,))) is explained, remark
