"""A small seed of the labelled corpus on every change; the whole table takes minutes: see `table`.

Rule: what is asserted here are floors for a few small sessions; the figures that count are the table's.
"""

from __future__ import annotations

from functools import lru_cache

from quality.diff_corpus.diff_methods import OURS, RIVALS, Method
from quality.diff_corpus.diff_scoring import Tally
from quality.diff_corpus.grouping import homogeneity
from quality.diff_corpus.noisy_fields import NOISY
from quality.diff_corpus.regressions import KINDS
from quality.diff_corpus.service import STYLES
from quality.diff_corpus.sessions import broken_session, clean_session, combinations

REQUESTS = 5  # an endpoint


@lru_cache(maxsize=4)
def tally(method: Method = OURS) -> Tally:
    total = Tally()
    total.add(method, broken_session(601, 1, REQUESTS))
    return total


def test_the_corpus_is_as_broad_as_it_says() -> None:
    """Five styles, at least 18 families of noise and 35 kinds of regression, half of them in noisy fields."""
    assert len(STYLES) >= 4
    assert len(NOISY) >= 18
    assert len(KINDS) >= 35
    assert sum(kind.is_noisy for kind in KINDS) * 2 >= len(KINDS)
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert {one.share for one in combinations(is_hard=False)} == {1.0, 0.3, 0.05}


def test_a_seed_gives_the_same_session_twice() -> None:
    first, second = (broken_session(7, 3, REQUESTS) for _ in range(2))
    assert [one.response for one in first.play(1).attempts] == [one.response for one in second.play(1).attempts]
    assert first.labels == second.labels != []


def test_what_was_broken_is_found_and_little_else() -> None:
    """Most regressions of one session, and hardly a place that was not broken."""
    total = tally()
    assert total.precision >= 0.9, total.false_alarms
    assert total.recall >= 0.9, total.missed


def test_a_clean_session_is_silent() -> None:
    session = clean_session(203, REQUESTS)
    assert OURS.report(session) == {}


def test_published_rules_find_less_and_cry_more() -> None:
    """Diffy's thresholds and a mask of what drifted, on the same session."""
    ours = tally()
    for rival in RIVALS[:2]:
        other = tally(rival)
        assert other.f1 < ours.f1, rival.name


def test_homogeneity_is_that_of_the_definition() -> None:
    assert homogeneity([("g1", "a"), ("g2", "b")]) == 1.0
    assert homogeneity([("g", "a"), ("g", "b")]) == 0.0
    assert 0.0 < homogeneity([("g1", "a"), ("g1", "b"), ("g2", "b")]) < 1.0
