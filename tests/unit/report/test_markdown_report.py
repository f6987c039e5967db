"""The Markdown summary: traffic stands in code spans, where nothing is a link or somebody's name."""

from __future__ import annotations

import re

from replay.report.markdown_report import code, render
from unit.report.run_view_make import finding, hostile, view


def test_a_finding_is_a_line_of_the_table():
    text = render(view(finding())).decode()
    assert "| high | confirmed | `POST /courses/{id}/enrolments` | `One request is stored more than once` |" in text
    assert "| 2 | `control-drifted` | `GET /a answered 500` |" in text


def test_hostile_text_never_leaves_its_code_span():
    for line in render(hostile()).decode().splitlines():
        outside = re.sub(r"`[^`]*`", "", line)
        assert "evil" not in outside
        assert "<" not in outside
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in {4, 7}, "the columns stay where they are"


def test_a_code_span_holds_no_backtick_and_no_bar():
    assert code("a`b|c\n@team") == "`a'b\\|c @team`"
    assert code("") == ""


def test_many_findings_fit_into_a_comment():
    text = render(view(*(finding(n, observed="x" * 5000) for n in range(400)))).decode()
    assert len(text) < 65_536
    assert "And 375 more" in text
