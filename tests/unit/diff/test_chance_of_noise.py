"""The decision: how likely noise alone is, for counts that a person can check."""

import pytest

from replay.diff.decision import chance_of_at_least, chance_of_noise, chance_of_none


@pytest.mark.parametrize(
    ("null", "seen", "low", "high", "remark"),
    [
        ((0, 60), (1, 60), 5e-4, 2e-3, "one in sixty where there was none"),
        ((0, 60), (2, 60), 1e-4, 8e-4, "two are rarer"),
        ((0, 5), (1, 5), 2e-3, 1e-2, "of five, one proves less"),
        ((2, 60), (4, 60), 0.1, 0.5, "noise that was twice as much by chance"),
        ((2, 60), (10, 60), 1e-3, 3e-2, "five times as much"),
        ((60, 60), (60, 60), 0.5, 1.0, "what always differs proves nothing"),
        ((3, 60), (0, 60), 1.0, 1.0, "nothing strange needs no reason"),
    ],
)
def test_noise_explains_so_much(null, seen, low, high, remark):
    """The probability lies where hand calculation puts it."""
    assert low <= chance_of_noise(*null, *seen) <= high, remark


def test_more_strange_answers_are_never_likelier():
    """The chance falls with every strange answer, and large counts are no other matter."""
    chances = [chance_of_noise(1, 50, strange, 50) for strange in range(1, 50)]
    assert chances == sorted(chances, reverse=True)
    assert chance_of_noise(0, 10_000, 5_000, 10_000) < 1e-6


def test_none_among_those_before():
    """Three strange of twenty, none of them among ten others: hardly a surprise; of a thousand it is one."""
    assert chance_of_none(3, 20, 10) == pytest.approx(20 * 19 * 18 / (30 * 29 * 28))
    assert chance_of_none(3, 20, 1000) < 1e-5
    assert chance_of_none(21, 20, 10) == 0.0


def test_recurrence_by_chance():
    assert chance_of_at_least(1, 100, 0.0) == 0.0
    assert chance_of_at_least(1, 100, 0.01) == pytest.approx(1 - 2.718281828**-1)
    assert chance_of_at_least(3, 100, 0.001) < 1e-3
