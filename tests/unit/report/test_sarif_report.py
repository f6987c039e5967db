"""SARIF 2.1.0: the parts of the standard that we write, name by name.

The tables are our own excerpt of the OASIS standard (sections 3.13 to 3.58): which properties an object may have, which
it must have. An object with any other property is refused by the standard's schema.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from replay.model.finding import Level, Severity
from replay.report.sarif_report import render
from replay.report.view import RunView
from unit.report.run_view_make import RUN, finding, hostile, view

MESSAGE = {"text": str}
SHAPE: dict[str, Any] = {
    "$schema": str,
    "version": str,
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": str,
                    "version": str,
                    "rules": [{"id": str, "shortDescription": MESSAGE, "help": MESSAGE}],
                }
            },
            "automationDetails": {"id": str},
            "invocations": [
                {
                    "executionSuccessful": bool,
                    "toolExecutionNotifications": [{"level": str, "message": MESSAGE, "descriptor": {"id": str}}],
                }
            ],
            "results": [
                {
                    "ruleId": str,
                    "ruleIndex": int,
                    "level": str,
                    "message": MESSAGE,
                    "locations": [
                        {
                            "physicalLocation": {"artifactLocation": {"uri": str}, "region": {"startLine": int}},
                            "logicalLocations": [{"fullyQualifiedName": str, "kind": str}],
                        }
                    ],
                    "partialFingerprints": {"replay/v1": str},
                    "properties": {"severity": str, "level": str, "mutator": str, "tenant": str},
                }
            ],
            "columnKind": str,
        }
    ],
}


def fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, dict):
        return value.keys() == shape.keys() and all(fits(value[name], shape[name]) for name in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(one, shape[0]) for one in value)
    return type(value) is shape


@pytest.mark.parametrize("run", [view(finding()), hostile(), RunView(RUN)])
def test_every_object_has_the_properties_of_the_standard(run):
    document = json.loads(render(run))
    assert fits(document, SHAPE)
    (one,) = document["runs"]
    assert document["version"] == "2.1.0"
    for result in one["results"]:
        assert one["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert not urlsplit(uri).scheme
        assert uri.isascii()


def test_severity_becomes_a_level_and_info_is_a_note():
    levels = {
        Severity.HIGH: "error",
        Severity.MEDIUM: "warning",
        Severity.LOW: "note",
    }
    for severity, level in levels.items():
        (result,) = json.loads(render(view(finding(severity=severity))))["runs"][0]["results"]
        assert result["level"] == level
    (result,) = json.loads(render(view(finding(level=Level.INFO))))["runs"][0]["results"]
    assert result["level"] == "note"


def test_what_was_not_judged_is_what_the_tool_could_not_do():
    notes = json.loads(render(view()))["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert [one["descriptor"]["id"] for one in notes] == ["control-drifted", "probe-failed"]


def test_braces_and_brackets_are_no_placeholders_and_no_links():
    (result,) = json.loads(render(view(finding(observed="[a](http://evil.example) {0}"))))["runs"][0]["results"]
    assert "\\[a\\](http://evil.example) {{0}}" in result["message"]["text"]
