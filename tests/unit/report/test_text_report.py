"""The text report says what was found, with proof, and never lets traffic speak to the terminal."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest

from replay.model.difference import NoiseRule, Relation
from replay.model.finding import Level, NotJudged, Proof, Severity
from replay.model.run import RunInfo
from replay.report.text_report import render
from unit.report.run_view_make import HOSTILE, RUN, SUMMARY, finding, hostile, view


def test_a_finding_is_shown_with_rows_and_numbers():
    text = render(view(finding()))
    for words in (
        "replay fuzz against http://127.0.0.1:8080", "cases     20: 16 clean, 1 with findings, 3 not judged",
        "fidelity  95%",
        "1 finding\n", "POST /courses/{id}/enrolments", "0000000000000001", "One request is stored more than once",
        "expected  1 enrolment", "observed  3 enrolment", "tenant    acme", "rows of enrolment:", "id   account",
    ):  # fmt: skip
        assert words in text, text


def test_worst_first():
    """High before low, and of equal ones the sure before the unsure."""
    low = finding(1, severity=Severity.LOW, endpoint="/a")
    unsure = finding(2, level=Level.PROBABLE, endpoint="/b")
    sure = finding(3, endpoint="/c")
    text = render(view(low, unsure, sure))
    heads = [line for line in text.splitlines() if line[:2] in {"1.", "2.", "3."}]
    assert [head.split("/")[1] for head in heads] == ["c", "b", "a"]


def test_not_judged_is_counted_by_reason():
    lines = render(view()).splitlines()
    assert "3 not judged" in lines
    assert "     2  control-drifted" in lines
    assert "     1  probe-failed" in lines
    assert any("GET /b answered 500" in line for line in lines)


def test_no_findings_is_said_plainly():
    text = render(view(not_judged=()))
    assert "No findings." in text
    assert "2 not judged outside of them" in text.split("No findings.")[0]  # the summary's own count stays


def test_a_stopped_run_says_so_and_needs_no_summary():
    stopped = RunInfo("r1", "run", "c", "http://t", 1, 0.0, (), (), "", "0")
    text = render(view(run=stopped, summary=None, fidelity=None))
    assert "stopped early" in text
    assert "not read" in text


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("colour", [False, True])
def test_hostile_text_stays_text(width, colour):
    """No escape but our own colours, no direction marks, no markup swallowed, no line beyond the width."""
    text = render(hostile(), colour=colour, width=width)
    marks = {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs"} and char != "\n"}
    assert marks == ({"\x1b"} if colour else set())
    assert "[bold]b[/bold]" in text
    assert "\x1b]" not in text
    text.encode()
    if not colour:
        assert max(map(len, text.splitlines())) <= width


def test_colour_is_ours_alone():
    """Every sequence in a coloured report is a plain style of rich's, as in a report of harmless text."""
    allowed = {"0", "1", "2", "31", "33", "36", "1;31", "1;33"}
    found = re.findall(r"\x1b\[([0-9;]*)m", render(hostile(), colour=True))
    assert found
    assert set(found) <= allowed
    assert render(hostile(), colour=True).count("\x1b") == len(found)


def test_long_lists_and_wide_rows_stay_readable():
    rows = [{f"column_{n}": "x" * 200 for n in range(20)} for _ in range(30)]
    text = render(view(finding(proofs=(Proof("rows", rows), Proof("many", list(range(30)))))), width=80)
    assert text.count("and 20 more") == 2
    assert "x" * 61 not in text.replace("\n", "")
    assert max(map(len, text.splitlines())) <= 80


def test_the_same_view_gives_the_same_bytes():
    assert render(view(finding())) == render(view(finding()))
    assert HOSTILE not in render(hostile())
    assert RUN.id in render(view())


def test_the_numbers_add_up():
    """A case with two findings is one case; a finding of the clean replays belongs to none."""
    findings = [finding(n, case_id="c9" if n < 3 else "") for n in range(1, 6)]
    summary = replace(SUMMARY, cases=20, clean=16, findings=5, not_judged=3)
    text = render(view(*findings, summary=summary))
    assert "cases     20: 16 clean, 1 with findings, 3 not judged\n" in text
    assert "findings  5 (3 in clean replays, 2 in cases)\n" in text


def test_a_run_without_cases_counts_none():
    summary = replace(SUMMARY, cases=0, clean=0, findings=1, not_judged=0)
    text = render(view(finding(), summary=summary, not_judged=()))
    assert "cases  " not in text
    assert "findings  1\n" in text


@pytest.mark.parametrize("width", [60, 79])
def test_a_narrow_screen_keeps_fingerprints_whole(width):
    long = finding(fingerprint="0123456789abcdef", endpoint="/" + "very-long/" * 9)
    text = render(view(long), width=width)
    rows = [line for line in text.splitlines() if line.startswith("  1  high confirmed")]
    assert rows == ["  1  high confirmed  duplicate-rows  0123456789abcdef"]
    assert max(map(len, text.splitlines())) <= width


def test_noise_is_one_line_and_none_where_nothing_was_judged():
    rules = (NoiseRule("GET /a", "body.at", Relation.TIME, 3, 3),) * 113
    text = " ".join(render(view(noise=rules)).split())
    assert "Noise: 113 places differ between clean replays of one build (replay report --format json lists" in text
    assert "body.at" not in text
    unfaithful = NotJudged("low-fidelity", "fidelity 0.20 is below 0.90", "", "none")
    assert "Noise" not in render(view(noise=rules, not_judged=(unfaithful,)))
