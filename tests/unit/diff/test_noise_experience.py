"""Rules over several runs: added, confirmed, retired, accepted; and what nobody may accept."""

from __future__ import annotations

import pytest

from replay.diff.experience import RETIRED_AFTER, Experience, Origin, accepted, learned
from replay.diff.explaining import enforced, explain
from replay.model.difference import Noise, NoiseRule, Relation
from replay.model.errors import UsageError

ENDPOINT = "GET /a"


def noise(place: str = "body.score", relation: Relation = Relation.SHAPE, differing: int = 3) -> Noise:
    return Noise(
        (NoiseRule(ENDPOINT, "status", Relation.EQUAL, 9, 0), NoiseRule(ENDPOINT, place, relation, 9, differing))
    )


def test_runs_add_up_and_the_weaker_relation_stays() -> None:
    once = learned(Experience(), noise(), {ENDPOINT})
    twice = learned(once, noise(relation=Relation.TYPE, differing=4), {ENDPOINT})
    (rule,) = twice.rules
    assert (rule.rule.relation, rule.rule.pairs, rule.rule.differing, rule.runs) == (Relation.TYPE, 18, 7, 2)
    assert twice.version == 2


def test_a_rule_is_retired_when_its_place_became_equal() -> None:
    """In so many runs in a row that compared the endpoint; runs that did not, say nothing."""
    known = learned(Experience(), noise(), {ENDPOINT})
    for _ in range(RETIRED_AFTER + 2):
        known = learned(known, Noise(), {"GET /other"})
    assert len(known.rules) == 1
    for left in range(RETIRED_AFTER, 0, -1):
        assert len(known.rules) == 1, f"{left} runs to go"
        known = learned(known, Noise(), {ENDPOINT})
    assert known.rules == ()


def test_what_differs_again_begins_anew() -> None:
    known = learned(learned(Experience(), noise(), {ENDPOINT}), Noise(), {ENDPOINT})
    assert known.rules[0].equal_runs == 1
    assert learned(known, noise(), {ENDPOINT}).rules[0].equal_runs == 0


def test_only_what_a_person_accepted_is_applied() -> None:
    known = learned(Experience(), noise(), {ENDPOINT})
    assert known.applied() == Noise()
    taken = accepted(known, ENDPOINT, "body.score", None, "a model scores anew")
    (rule,) = taken.applied().rules
    assert (rule.place, rule.relation) == ("body.score", Relation.SHAPE)
    assert taken.version == known.version + 1


def test_a_later_run_does_not_weaken_what_was_accepted() -> None:
    """A person said shape; that it now differs even in type is news for that person."""
    taken = accepted(learned(Experience(), noise(), {ENDPOINT}), ENDPOINT, "body.score", None, "why")
    assert learned(taken, noise(relation=Relation.VARIABLE), {ENDPOINT}).applied().rules[0].relation is Relation.SHAPE


def test_what_a_person_made_stays() -> None:
    known = accepted(Experience(), ENDPOINT, "body.rare", Relation.TYPE, "once in a thousand")
    for _ in range(RETIRED_AFTER + 1):
        known = learned(known, Noise(), {ENDPOINT})
    assert known.rules[0].origin is Origin.USER


@pytest.mark.parametrize(
    ("place", "relation", "word"),
    [
        ("body", Relation.TYPE, "whole answer"),
        ("status", Relation.TYPE, "whole answer"),
        ("body.score", Relation.UNSTABLE, "what replays measure"),
        ("body.score", Relation.EQUAL, "what replays measure"),
        ("body.unheard", None, "no such rule"),
    ],
)
def test_what_cannot_be_accepted(place: str, relation: Relation | None, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        accepted(Experience(), ENDPOINT, place, relation, "why")


def test_structure_is_accepted_in_so_many_words_only() -> None:
    """A learned rule never swallows a structural change by the way."""
    known = learned(Experience(), noise("body.promo", Relation.VARIABLE), {ENDPOINT})
    with pytest.raises(UsageError, match="come and go"):
        accepted(known, ENDPOINT, "body.promo", None, "why")
    assert accepted(known, ENDPOINT, "body.promo", Relation.VARIABLE, "why").applied().rules


@pytest.mark.parametrize("relation", list(Relation))
def test_every_relation_says_what_is_still_enforced(relation: Relation) -> None:
    rule = NoiseRule(ENDPOINT, "body.f", relation, 60, 60, 2e-9)
    assert enforced(rule)
    assert explain(rule).startswith("differs in 60 of 60 pairs of clean replays; still enforced: ")


def test_a_tolerance_names_its_limit() -> None:
    assert "1e-08" in explain(NoiseRule(ENDPOINT, "body.f", Relation.TOLERANCE, 60, 60, 2e-9))
