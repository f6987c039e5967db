"""Load figures: counted one by one, added up over workers, shown to people and programs."""

import math

import pytest

from replay.model.histogram import Histogram, bucket_of, seconds_of
from replay.model.load import Load
from replay.pace.measuring import Meter
from replay.report.load_figures import load_rows, load_tree


def test_buckets_follow_each_other_without_a_gap():
    """Every bucket's middle lies in that bucket, far beyond what a request may take."""
    assert [bucket_of(seconds_of(bucket)) for bucket in range(2000)] == list(range(2000))


@pytest.mark.parametrize("odd", [-1.0, math.nan, -math.inf, 0.0])
def test_what_is_no_duration_counts_as_none(odd):
    assert bucket_of(odd) == 0


def test_what_is_endless_is_still_counted():
    assert bucket_of(math.inf) == bucket_of(1e300)


def test_an_empty_histogram_says_nothing():
    assert Histogram().quantile(0.99) == 0.0


def metered(*rows, seconds=2.0):
    meter = Meter()
    for row in rows:
        meter.add(*row)
    meter.took(seconds)
    return meter.load()


STALL = metered(
    # endpoint, tenant, outcome, intended, sent, ended: a target that stalls for a second
    ("GET /a", "t1", "200", 0.0, 0.0, 1.0),
    ("GET /a", "t2", "200", 0.1, 1.0, 1.01),
    ("POST /b", "t1", "503", 0.2, 1.0, 1.01),
    ("POST /b", "t1", "reset", 0.3, 1.0, 1.01),
)


def test_latency_counts_from_when_a_request_should_have_been_sent():
    """Three of four were answered in 10 ms, and were late by almost a second: that is latency."""
    assert STALL.service.quantile(0.5) == pytest.approx(0.01, rel=0.01)
    assert STALL.total.latency.quantile(0.5) == pytest.approx(0.81, rel=0.01)
    assert STALL.lag.longest == pytest.approx(0.9)


def test_errors_are_faults_and_5xx():
    assert STALL.total.errors == 2
    assert dict(STALL.total.outcomes) == {"200": 2, "503": 1, "reset": 1}


def test_figures_are_told_by_endpoint_and_by_tenant():
    assert [(one.endpoint, one.requests, one.errors) for one in STALL.by_endpoint()] == [
        ("GET /a", 2, 0), ("POST /b", 2, 2),
    ]  # fmt: skip
    assert [(one.tenant, one.requests) for one in STALL.by_tenant()] == [("t1", 3), ("t2", 1)]


def test_workers_side_by_side_add_requests_and_share_time():
    both = STALL.plus(STALL, side_by_side=True)
    assert (both.requests, both.seconds, both.per_second) == (8, 2.0, 4.0)
    after = STALL.plus(STALL, side_by_side=False)
    assert (after.requests, after.seconds) == (8, 4.0)
    assert [one.requests for one in both.series] == [2 * one.requests for one in STALL.series]


def test_a_person_is_told_in_three_lines():
    rows = dict(load_rows(STALL))
    assert rows["load"] == "2.0 requests/s while playing (2.0 s); 2 faults or 5xx (503 1, reset 1)"
    assert rows["latency"].startswith("p50 8")
    assert rows["lag"].endswith("max 900 ms sent after due")
    assert load_rows(Load()) == []


def test_a_program_is_told_in_milliseconds():
    tree = load_tree(STALL)
    assert tree["requests"] == 4
    assert set(tree["latency_ms"]) == {"p50", "p90", "p99", "p99.9", "max"}
    assert tree["lag_ms"]["max"] == pytest.approx(900)
    assert [one["endpoint"] for one in tree["endpoints"]] == ["GET /a", "POST /b"]
    assert [one["tenant"] for one in tree["tenants"]] == ["t1", "t2"]
