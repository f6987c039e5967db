"""A finding is gone only when the later run has looked for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from replay.model.finding import NotJudged
from replay.report.comparison import compare
from replay.report.view import RunView
from unit.report.run_view_make import RUN, finding, view

LOST = NotJudged("control-drifted", "", "POST /courses/{id}/enrolments", "race", "c9")


def later(**run: Any) -> RunView:
    return view(run=replace(RUN, **run), not_judged=())


def test_what_was_looked_for_and_not_found_is_gone():
    found = compare(view(finding(1)), later())
    assert [one.fingerprint for one in found.gone] == [finding(1).fingerprint]
    assert not found.unknown


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (later(finished=False), "stopped early"),
        (later(oracles=()), "oracle duplicate-rows was not asked"),
        (later(mutators=("duplicate",)), "mutator race was not played"),
        (later(database=""), "the database was not read"),
        (replace(later(), not_judged=(LOST,)), "not judged: control-drifted"),
        (replace(later(), not_judged=(NotJudged("budget", "", "", "all"),)), "not judged: budget"),
    ],
)
def test_what_nobody_looked_for_is_unknown(second: RunView, why: str):
    found = compare(view(finding(1)), second)
    assert not found.gone
    ((_, said),) = found.unknown
    assert why in said


def test_a_verdict_missing_elsewhere_hides_nothing():
    other = NotJudged("control-drifted", "", "GET /a", "race", "c9")
    assert compare(view(finding(1)), replace(later(), not_judged=(other,))).gone
