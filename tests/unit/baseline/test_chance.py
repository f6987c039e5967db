"""The tests of chance against textbook figures and brute force."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from replay.baseline.chance import at_rank, greater, rank_limits, score_of, share_greater, share_limits


def test_the_score_of_a_level_is_the_normal_quantile() -> None:
    assert score_of(0.001) == pytest.approx(3.0902, abs=1e-4)


def test_ranks_agree_with_all_ways_of_dealing_them_out() -> None:
    """Mann-Whitney's approximation beside the exact distribution, for samples with ties."""
    first, second = [1, 2, 2, 3, 5, 7, 8], [4, 5, 6, 8, 9, 9, 10]
    together = first + second

    def wins(chosen: tuple[int, ...]) -> float:
        mine = [together[i] for i in chosen]
        rest = [together[i] for i in range(14) if i not in chosen]
        return sum((b > a) + (b == a) / 2 for b in mine for a in rest)

    seen = sum((b > a) + (b == a) / 2 for b in second for a in first)
    every = [wins(chosen) for chosen in combinations(range(14), 7)]
    exact = sum(one >= seen for one in every) / len(every)
    assert greater(_counted(first), _counted(second)) == pytest.approx(exact, rel=0.2)


def _counted(values: list[int]) -> list[tuple[int, int]]:
    return [(value, values.count(value)) for value in sorted(set(values))]


def test_samples_without_a_difference_are_told_apart_by_nothing() -> None:
    assert greater([(7, 50)], [(7, 60)]) == 1.0
    assert greater([], [(7, 60)]) == 1.0
    assert greater([(1, 20), (2, 20)], [(1, 20), (2, 20)]) > 0.4


def test_fishers_tea_taster() -> None:
    """3 of 4 where 1 of 4 are right: 17/70 (Fisher 1935)."""
    assert share_greater(1, 4, 3, 4) == pytest.approx(17 / 70)


@pytest.mark.parametrize(("hits", "size", "more", "more_size"), [(0, 100, 0, 100), (5, 0, 1, 9), (3, 9, 2, 0)])
def test_no_hits_or_no_requests_prove_nothing(hits: int, size: int, more: int, more_size: int) -> None:
    assert share_greater(hits, size, more, more_size) == 1.0


def test_quantile_limits_hold_the_quantile_as_often_as_they_say() -> None:
    """The binomial probability between the ranks is at least that of the score."""
    size, share, score = 200, 0.95, 1.96
    limits = rank_limits(size, share, score)
    assert limits is not None
    low, high = limits
    covered = sum(math.comb(size, k) * share**k * (1 - share) ** (size - k) for k in range(low, high))
    assert covered >= 0.95
    assert rank_limits(20, 0.99, score) is None


def test_the_value_at_a_rank_counts_repetitions() -> None:
    counts = [(3, 2), (5, 1), (9, 4)]
    assert [at_rank(counts, rank) for rank in (1, 2, 3, 4, 7)] == [3, 3, 5, 9, 9]


def test_wilsons_limits_enclose_the_share_and_stay_inside_0_and_1() -> None:
    low, high = share_limits(1, 10, 1.96)
    assert (low, high) == (pytest.approx(0.0179, abs=1e-3), pytest.approx(0.4042, abs=1e-3))
    assert share_limits(0, 10, 1.96)[0] == 0.0
    assert share_limits(10, 10, 1.96)[1] == 1.0
