"""The JSON report has the documented shape, in the same order every time."""

from __future__ import annotations

import json

from replay.model.finding import Severity
from replay.report.json_report import render
from unit.report.run_view_make import HOSTILE, finding, hostile, view


def test_the_shape_is_the_documented_one():
    document = json.loads(render(view(finding())))
    assert list(document) == [
        "run", "summary", "fidelity", "coverage", "load", "remains", "findings", "not_judged", "accepted", "noise",
        "compared",
    ]  # fmt: skip
    (one,) = document["findings"]
    assert list(one) == [
        "fingerprint", "oracle", "mutator", "severity", "level", "endpoint", "method", "title", "expected", "observed",
        "tenant", "evidence",
    ]  # fmt: skip
    assert one["evidence"][0] == {
        "label": "rows of enrolment",
        "data": [{"id": 1, "account": 5}, {"id": 2, "account": 5}],
    }
    assert (one["severity"], one["level"]) == ("high", "confirmed")
    assert document["coverage"] == {"cases": 20, "judged": 18, "share": 0.9}
    assert document["fidelity"]["score"] == 0.95


def test_not_judged_is_grouped_by_reason_most_frequent_first():
    reasons = json.loads(render(view()))["not_judged"]
    assert [(one["reason"], one["count"]) for one in reasons] == [("control-drifted", 2), ("probe-failed", 1)]
    assert reasons[0]["endpoints"] == ["GET /a", "GET /b"]


def test_noise_says_why():
    (rule,) = json.loads(render(view()))["noise"]
    assert rule["reason"].startswith("differs in 3 of 3 pairs of clean replays; still enforced: ")


def test_the_order_of_findings_does_not_depend_on_their_arrival():
    low, high = finding(1, severity=Severity.LOW), finding(2)
    assert render(view(low, high)) == render(view(high, low))
    assert json.loads(render(view(low, high)))["findings"][0]["severity"] == "high"


def test_a_stopped_run_has_nulls_not_zeros():
    document = json.loads(render(view(summary=None, fidelity=None)))
    assert document["summary"] is document["fidelity"] is document["coverage"] is None


def test_hostile_text_is_kept_as_data():
    """JSON is for programs: nothing is removed, everything is escaped, and the bytes are UTF-8."""
    data = render(hostile())
    assert b"\x1b" not in data
    assert json.loads(data.decode())["findings"][0]["title"] == HOSTILE
