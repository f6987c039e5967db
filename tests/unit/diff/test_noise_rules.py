"""What two clean replays teach: the strongest relation that always held, per endpoint and place."""

from __future__ import annotations

from typing import Any

import pytest

from replay.diff.alignment import nothing_redacted
from replay.diff.noise import learn, learn_from
from replay.diff.noise_merging import merged_noise
from replay.diff.rules import Rules
from replay.model.difference import Noise, NoiseRule, Relation
from unit.diff.traced import ENDPOINT, answers, played, trace

U = "0b9c1e1e-9d1f-4c7e-8f5d-1a2b3c4d5e6%d"


def rules(first: list[Any], second: list[Any]) -> dict[str, Relation]:
    noise = learn(answers(*first, world=1), answers(*second, world=2), nothing_redacted)
    return {rule.place: rule.relation for rule in noise.noisy()}


def fields(*values: Any) -> list[Any]:
    return [{"f": value} for value in values]


@pytest.mark.parametrize(
    ("first", "second", "expected", "remark"),
    [
        ([1, 2], [1, 2], None, "equal: no rule"),
        ([1, 2, 1, 2, 1], [11, 12, 11, 12, 11], Relation.SHAPE, "counts may drift alike: `f` is no name of an id"),
        ([7_000_001] * 5, [7_000_401] * 5, Relation.RENAMED, "large numbers seldom repeat by chance"),
        ([1, 2, 3], [11, 12, 13], Relation.SHAPE, "never repeated: proves nothing"),
        ([1, 2, 1, 2, 1], [11, 12, 13, 12, 11], Relation.SHAPE, "contradicts itself"),
        ([U % 1], [U % 2], Relation.RENAMED, "unique by construction"),
        (["2026-11-20T10:00:00Z"] * 4, ["2026-11-20T10:01:00Z"] * 4, Relation.TIME, "times are no names"),
        ([1.5], [2.5], Relation.SHAPE, "latencies"),
        (["Order 1"], ["Order 2"], Relation.SHAPE, "a sentence with a number"),
        (["one"], ["two"], Relation.TYPE, "words"),
        (["one"], [1], Relation.VARIABLE, "not even the type"),
        ([None], ["one"], Relation.VARIABLE, "comes and goes as null"),
    ],
)
def test_strongest_relation(first: list[Any], second: list[Any], expected: Relation | None, remark: str) -> None:
    """Only what held for every pair is kept."""
    assert rules(fields(*first), fields(*second)).get("body.f") is expected, remark


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("id", "renamed"),
        ("course_id", "renamed"),
        ("courseId", "renamed"),
        ("owner", "renamed"),
        ("total", "shape"),
        ("paid", "shape"),
        ("valid", "shape"),
        ("seats", "shape"),
    ],
)
def test_small_numbers_are_renamed_where_they_name_a_thing(key: str, expected: str) -> None:
    """One to one and repeated; but three tenants' counts are that as well."""
    first = [{key: value} for value in (1, 2, 1, 2, 1)]
    second = [{key: value + 10} for value in (1, 2, 1, 2, 1)]
    assert rules(first, second)[f"body.{key}"] == expected


def test_a_length_speaks_of_the_elements_only() -> None:
    """The rule of a varying list stands at its elements: the list itself must stay, and its neighbour."""
    assert rules([{"l": [1], "m": 1}], [{"l": [1, 2], "m": 1}]) == {"body.l[*]": Relation.VARIABLE}


def test_presence_speaks_of_one_place() -> None:
    """A field that comes and goes excuses no other."""
    assert rules([{"a": 1, "b": 1}], [{"b": 1}]) == {"body.a": Relation.VARIABLE}


@pytest.mark.parametrize(("one", "two"), [("pong 1", "pong 2"), (1, 2), ([1], {"a": 1})])
def test_no_rule_for_the_root(one: Any, two: Any) -> None:
    """A rule for the whole body would switch the comparison off."""
    assert "body" not in rules([one], [two])


def test_a_varying_status_is_counted_and_its_body_unread() -> None:
    """One of two exchanges answered 503 once: unstable, and nothing is learned from that answer."""
    first = trace(played("a", {"f": 1}), played("b", {"f": 1}), world=1)
    second = trace(played("a", {"g": 2}, status=503), played("b", {"f": 1}), world=2)
    assert learn(first, second, nothing_redacted).rules == (NoiseRule(ENDPOINT, "status", Relation.UNSTABLE, 2, 1),)


def test_a_steady_status_is_counted_for_the_groups_that_vary() -> None:
    """One stray 503 among three pairs is flaky; with the 30 steady pairs of the other groups it is not."""
    first, second = answers(*fields("x", "x", "x"), world=1), answers(*fields("x", "x"), world=2)
    stray = trace(*second.attempts, played("e2", {"f": "x"}, status=503), world=2)
    steady = learn(*(answers(*fields(*"x" * 30), world=world) for world in (1, 2)), nothing_redacted)
    alone = learn(first, stray, nothing_redacted)
    assert steady.rules == (NoiseRule(ENDPOINT, "status", Relation.EQUAL, 30, 0),)
    assert steady.noisy() == ()
    assert Rules.of(alone).is_flaky(ENDPOINT)
    for merged in (merged_noise(alone, steady), merged_noise(steady, alone)):
        assert not Rules.of(merged).is_flaky(ENDPOINT)
        assert merged.by_place()[ENDPOINT, "status"].relation is Relation.UNSTABLE


def test_counts_include_equal_pairs() -> None:
    """3 pairs seen, 1 differing; equal answers count."""
    (rule,) = learn(
        answers(*fields("x", "x", "x"), world=1), answers(*fields("x", "y", "x"), world=2), nothing_redacted
    ).noisy()
    assert (rule.pairs, rule.differing) == (3, 1)


def test_more_replays_teach_more() -> None:
    """Three replays are three pairs; what only the third shows is learned."""
    same = answers({"f": "x"}, world=1)
    noise = learn_from([same, same, answers({"f": "y"}, world=3)], nothing_redacted)
    assert [(rule.place, rule.pairs, rule.differing) for rule in noise.noisy()] == [("body.f", 3, 2)]


def test_below_a_varying_place_everything_varies() -> None:
    """What was never seen on both sides has no rules of its own."""
    rule = NoiseRule(ENDPOINT, "body.a", Relation.VARIABLE, 1, 1)
    known = Rules.of(Noise((rule,)))
    assert known.relation(ENDPOINT, "body.a.b[*].c") is Relation.VARIABLE
    assert known.relation(ENDPOINT, "body.ab") is Relation.EQUAL
    assert known.relation("GET /other", "body.a") is Relation.EQUAL
