"""The JUnit report is XML that a CI reads: failures by oracle, errors by reason."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest

from replay.model.finding import Level, NotJudged
from replay.report.junit_report import render
from unit.report.run_view_make import SUMMARY, finding, hostile, view


def test_findings_are_failures_in_their_oracles_suite():
    root = fromstring(render(view(finding(1), finding(2), finding(3, oracle="list-leak"))))
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["duplicate-rows", "list-leak", "not judged", "clean"]
    assert suites["duplicate-rows"].get("failures") == "2"
    failure = suites["list-leak"].find("testcase/failure")
    assert failure.get("type") == "high.confirmed"
    assert "observed: 3 enrolment" in failure.text
    assert '"account":5' in failure.text


def test_counts_add_up():
    root = fromstring(render(view(finding(1), finding(2))))
    assert (root.get("tests"), root.get("failures"), root.get("errors"), root.get("skipped")) == ("6", "2", "3", "0")
    assert len(root.findall(".//testcase")) == 6
    assert sum(int(suite.get("tests")) for suite in root) == 6


def test_not_judged_is_an_error_with_its_reason():
    """Skipped would look green on most test pages."""
    root = fromstring(render(view()))
    messages = [one.get("message") for one in root.findall(".//error")]
    assert messages[0] == "control-drifted: GET /a answered 500"
    assert len(messages) == 3
    assert root.findall(".//skipped") == []


def test_what_is_only_worth_knowing_fails_nothing():
    """Level info is told, outside of every testcase's verdict."""
    root = fromstring(render(view(finding(1, level=Level.INFO), not_judged=())))
    assert (root.get("failures"), root.get("tests")) == ("0", "1")
    assert root.findall(".//failure") == []
    assert "0000000000000001" in root.find(".//system-out").text


def test_a_clean_run_is_not_an_empty_file():
    """Some CIs take a report without a test for a broken one."""
    root = fromstring(render(view(not_judged=())))
    (case,) = root.findall(".//testcase")
    assert (case.get("name"), len(case)) == ("16 cases clean", 0)


@pytest.mark.parametrize(
    ("more", "passing", "remark"),
    [
        ({"cases": 0, "clean": 0}, [], "clean replays, not judged"),
        ({"cases": 3, "clean": 0}, [], "cases, none of them clean"),
        ({"cases": 3, "clean": 1}, ["1 case clean"], "one clean"),
    ],
)
def test_nothing_passes_that_was_not_clean(more, passing, remark):
    root = fromstring(render(view(summary=replace(SUMMARY, **more))))
    names = [case.get("name") for case in root.findall(".//testcase") if len(case) == 0]
    assert names == passing, remark


def test_clean_replays_without_a_finding_pass():
    root = fromstring(render(view(summary=replace(SUMMARY, cases=0, clean=0, findings=0, not_judged=0), not_judged=())))
    assert [case.get("name") for case in root.findall(".//testcase")] == ["clean replays: no finding"]


def test_hostile_text_neither_breaks_nor_leaves_its_element():
    """Control characters are illegal in XML 1.0 even when escaped; markup stays text."""
    data = render(hostile())
    root = fromstring(data)
    assert root.find(".//x") is None
    text = data.decode()
    assert not {"\x1b", "\x00", "\x9b", "\u202e", "\u200b"} & set(text)
    assert "</failure><x/>" in root.find(".//failure").text


def test_what_no_run_could_send_is_skipped_and_fails_nothing():
    """A WebSocket in the capture is shown, and does not make every run of it red."""
    left_out = NotJudged("websocket", "3 exchanges", "GET /live", "", "")
    root = fromstring(render(replace(view(), not_judged=(left_out,))))
    assert (root.get("errors"), root.get("skipped")) == ("0", "1")
    (case,) = [case for case in root.iter("testcase") if case.find("skipped") is not None]
    assert "websocket" in case.find("skipped").get("message")
