"""Gates: their words, and that broken means proven."""

from __future__ import annotations

import pytest

from replay.baseline.compare import compare
from replay.baseline.gates import State, answers, gate_of, unmatched
from replay.baseline.measure import Amounts, EndpointMeasure, Release
from unit.baseline.test_compare_releases import ENDPOINT, measured, release


@pytest.mark.parametrize(
    ("metric", "words", "limit", "is_relative"),
    [
        ("p95", "within 10%", 0.1, True),
        ("p99", "< 800ms", 0.8, False),
        ("p50", "<= 1.5 s", 1.5, False),
        ("error_rate", "< 0.5%", 0.005, False),
        ("rows", "<= 3", 3, False),
        ("bytes", "within 20 %", 0.2, True),
    ],
)
def test_words_of_a_gate(metric: str, words: str, limit: float, is_relative: bool) -> None:
    gate = gate_of(metric, words)
    assert gate is not None
    assert (gate.limit, gate.is_relative) == (pytest.approx(limit), is_relative)


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("p95", "within 10ms"),
        ("p95", "< 10%"),
        ("p95", "10%"),
        ("p99", "within 10%"),  # a comparison has no test for it
        ("rows", "< 3ms"),
        ("error_rate", "< 5"),
        ("speed", "< 5"),
        ("p95", "< 1e3ms"),
        ("p95", "< -1ms"),
        ("p95", ""),
    ],
)
def test_words_that_say_nothing_are_refused(metric: str, words: str) -> None:
    assert gate_of(metric, words) is None


def state(metric: str, words: str, after: EndpointMeasure, before: EndpointMeasure | None = None) -> State:
    gate = gate_of(metric, words)
    assert gate is not None
    old, new = release("a", before or measured("before")), release("b", after)
    (answer,) = answers((gate,), compare(old, new), new)
    return answer.state


def test_a_relative_gate_breaks_for_what_is_proven_and_over() -> None:
    big = 2000
    before = measured("before", size=big)
    assert state("p95", "within 10%", measured("after", 1.3, size=big), before) is State.BROKEN
    assert state("p95", "within 50%", measured("after", 1.3, size=big), before) is State.KEPT
    assert state("p50", "within 10%", measured("after", 1.0, size=big), before) is State.KEPT
    assert state("p50", "within 10%", measured("after", 3.0, size=9), before) is State.OPEN


def test_an_absolute_latency_breaks_when_its_least_likely_value_is_over() -> None:
    """p95 of this sample is about 30 ms."""
    after = measured("after", size=2000)
    assert state("p95", "< 20ms", after) is State.BROKEN
    assert state("p95", "< 29.9ms", after) is State.KEPT  # over by less than chance does
    assert state("p95", "< 50ms", after) is State.KEPT
    assert state("p99", "< 20ms", measured("after", size=200)) is State.OPEN


def test_error_rates_and_rows_have_their_own_limits() -> None:
    assert state("error_rate", "< 0.5%", measured("after", errors=20)) is State.BROKEN
    assert state("error_rate", "< 0.5%", measured("after", errors=2)) is State.KEPT  # 1 % of 200 may be chance
    assert state("error_rate", "< 0.5%", measured("after", size=9, errors=9)) is State.OPEN
    rows = EndpointMeasure(ENDPOINT, rows=Amounts.of([3, 3, 4]))
    assert state("rows", "<= 3", rows) is State.BROKEN
    assert state("rows", "<= 4", rows) is State.KEPT
    assert state("rows", "< 1", EndpointMeasure(ENDPOINT)) is State.OPEN


def test_a_strict_limit_is_broken_by_its_own_value() -> None:
    rows = EndpointMeasure(ENDPOINT, rows=Amounts.of([3, 3, 3]))
    assert state("rows", "< 3", rows) is State.BROKEN
    assert state("rows", "<= 3", rows) is State.KEPT


def test_a_gate_for_an_endpoint_that_nobody_asked_is_told() -> None:
    gate = gate_of("p95", "< 1s", "GET /gone")
    assert gate is not None
    after: Release = release("b", measured("after"))
    assert unmatched((gate,), after) == (gate,)
    assert answers((gate,), compare(after, after), after) == ()
