"""The JUnit report is XML that a CI reads: failures by oracle, skipped by reason."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

from replay.report.junit_report import render
from unit.report.run_view_make import finding, hostile, view


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
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("6", "2", "3")
    assert len(root.findall(".//testcase")) == 6
    assert sum(int(suite.get("tests")) for suite in root) == 6


def test_not_judged_is_skipped_with_its_reason():
    root = fromstring(render(view()))
    messages = [one.get("message") for one in root.findall(".//skipped")]
    assert messages[0] == "control-drifted: GET /a answered 500"
    assert len(messages) == 3


def test_a_clean_run_is_not_an_empty_file():
    """Some CIs take a report without a test for a broken one."""
    root = fromstring(render(view(not_judged=())))
    (case,) = root.findall(".//testcase")
    assert (case.get("name"), len(case)) == ("16 cases clean", 0)


def test_hostile_text_neither_breaks_nor_leaves_its_element():
    """Control characters are illegal in XML 1.0 even when escaped; markup stays text."""
    data = render(hostile())
    root = fromstring(data)
    assert root.find(".//x") is None
    text = data.decode()
    assert not {"\x1b", "\x00", "\x9b", "\u202e", "\u200b"} & set(text)
    assert "</failure><x/>" in root.find(".//failure").text
