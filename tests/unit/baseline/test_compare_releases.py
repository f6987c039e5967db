"""What two releases are told to differ by, and what not: planted slowdowns, and pairs of equal releases."""

from __future__ import annotations

from random import Random

import pytest

from replay.baseline.bisect import first_bad
from replay.baseline.compare import Verdict, compare
from replay.baseline.measure import Amounts, EndpointMeasure, Release, RunMeasure
from replay.model.histogram import Histogram

ENDPOINT = "GET /orders/{id}"
REQUESTS = 200


def release(name: str, *runs: EndpointMeasure) -> Release:
    made = [RunMeasure(f"{name}{i}", "capture", "1", 0.0, (one,)) for i, one in enumerate(runs)]
    return Release(name, 0.0, tuple(made))


def latencies(seed: object, times: float = 1.0, size: int = REQUESTS) -> list[float]:
    """Log-normal around 20 ms, as answers of services are; a spread of 0.25 puts p95 at 1.5 x the median."""
    rng = Random(f"latency {seed}")
    return [0.02 * times * rng.lognormvariate(0, 0.25) for _ in range(size)]


def measured(seed: object, times: float = 1.0, size: int = REQUESTS, errors: int = 0) -> EndpointMeasure:
    rng = Random(f"bytes {seed}")
    answered = Amounts.of(rng.randrange(900, 1100) for _ in range(size))
    return EndpointMeasure(ENDPOINT, Histogram.of_durations(latencies(seed, times, size)), errors, 0, answered)


def test_a_slowdown_of_15_percent_is_found_in_200_requests() -> None:
    """In each of 100 seeded trials: issue 10 names the figure."""
    found = [
        compare(release("a", measured(f"old {seed}")), release("b", measured(f"new {seed}", 1.15))).worse
        for seed in range(100)
    ]
    assert sum(any(one.metric == "p50" for one in worse) for worse in found) >= 98


def test_equal_releases_are_silent_in_200_of_200_trials() -> None:
    """At the default level of one in a thousand for all metrics together."""
    for seed in range(200):
        comparison = compare(release("a", measured(f"one {seed}")), release("b", measured(f"two {seed}")))
        assert {one.verdict for one in comparison.deltas} <= {Verdict.SAME, Verdict.TOO_FEW}, seed


def test_a_tail_that_alone_got_slower_is_found() -> None:
    """One request in ten takes five times as long; the median does not move."""
    slow = latencies("tail", size=1000)
    slow = [seconds * 5 if i % 10 == 0 else seconds for i, seconds in enumerate(slow)]
    after = EndpointMeasure(ENDPOINT, Histogram.of_durations(slow))
    worse = compare(release("a", measured("base", size=1000)), release("b", after)).worse
    assert [one.metric for one in worse] == ["p95"]


def test_faster_is_better_and_never_worse() -> None:
    deltas = compare(release("a", measured("x")), release("b", measured("y", 0.7))).deltas
    assert {one.metric: one.verdict for one in deltas}["p50"] is Verdict.BETTER
    assert not [one for one in deltas if one.verdict is Verdict.WORSE]


def test_a_change_smaller_than_runs_of_one_release_differ_by_is_none() -> None:
    """Two runs of the good release are 30 % apart: 15 % more is what the machine does by itself."""
    before = release("a", measured("run 1"), measured("run 2", 1.3))
    after = release("b", measured("run 3", 1.3 * 1.1), measured("run 4", 1.3 * 1.1))
    one_run = release("a", measured("run 1"), measured("run 2"))
    assert not compare(before, after).worse
    assert compare(one_run, after).worse


@pytest.mark.parametrize(("errors", "verdict"), [(0, Verdict.SAME), (1, Verdict.SAME), (20, Verdict.WORSE)])
def test_errors_count_when_they_are_no_chance(errors: int, verdict: Verdict) -> None:
    deltas = compare(release("a", measured("x")), release("b", measured("y", errors=errors))).deltas
    assert {one.metric: one.verdict for one in deltas}["error_rate"] is verdict


def test_few_requests_are_told_as_too_few() -> None:
    deltas = compare(release("a", measured("x", size=12)), release("b", measured("y", 9.0, size=12))).deltas
    assert {one.metric: one.verdict for one in deltas}["p50"] is Verdict.TOO_FEW


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ([1, 1, 1], [2, 2, 2], Verdict.WORSE),  # one row more with every request, and it never varies
        ([2, 2, 2], [2, 2, 2, 2], Verdict.SAME),
        ([2, 2, 2], [1, 1, 1], Verdict.BETTER),
        ([1, 1], [2, 2], Verdict.TOO_FEW),
        ([1, 2, 1], [2, 2, 3], Verdict.TOO_FEW),
        ([1, 2] * 40, [2, 3] * 40, Verdict.WORSE),
        ([], [], Verdict.TOO_FEW),
    ],
)
def test_rows_of_a_request(before: list[int], after: list[int], verdict: Verdict) -> None:
    old = EndpointMeasure(ENDPOINT, rows=Amounts.of(before))
    new = EndpointMeasure(ENDPOINT, rows=Amounts.of(after))
    deltas = compare(release("a", old), release("b", new)).deltas
    assert {one.metric: one.verdict for one in deltas}["rows"] is verdict


def test_endpoints_of_one_release_alone_are_named() -> None:
    gone = EndpointMeasure("GET /old", Histogram.of_durations([0.1]))
    new = EndpointMeasure("GET /new", Histogram.of_durations([0.1]))
    comparison = compare(release("a", gone), release("b", new))
    assert (comparison.only_before, comparison.only_after, comparison.deltas) == (("GET /old",), ("GET /new",), ())


def test_bisect_names_the_release_since_which_it_is_slow() -> None:
    """v3 alone was slow once and got well again: it is not the one."""
    times = {"v1": 1.0, "v2": 1.0, "v3": 1.6, "v4": 1.0, "v5": 1.4, "v6": 1.45}
    releases = [release(name, measured(name, factor)) for name, factor in times.items()]
    found = first_bad(releases)
    assert (found[0].last_good, found[0].release, found[0].metric) == ("v4", "v5", "p50")
    assert not {one.release for one in found} & {"v1", "v2", "v3", "v4"}
    assert first_bad(releases[:2]) == ()
