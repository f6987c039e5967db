"""The run as SARIF 2.1.0 (OASIS), for code scanning pages: a rule for each oracle, a result for each finding.

What was not judged stands in the invocation, where a tool tells what it could not do. A service has no source file
here, so a result's place is its endpoint, written as a relative URI.

Rule: text from traffic is made printable, and braces and brackets are escaped (sections 3.11.5 and 3.11.6): they would
be placeholders and links.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from replay.model.codec import dump_json
from replay.model.finding import Finding, Level, Severity
from replay.model.tree import Tree
from replay.report.risks import risk_of
from replay.report.terminal import printable
from replay.report.view import Accepted, RunView, count_reasons, worst_first

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Mapping[Severity, str] = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_DETAILS = 5  # of a reason


def render(view: RunView) -> bytes:
    """UTF-8, one object, a line feed at the end."""
    findings = worst_first(view.findings)
    known = [one.finding for one in view.accepted if one.finding]
    oracles = list(dict.fromkeys((*view.run.oracles, *(one.oracle for one in (*findings, *known)))))
    run: dict[str, Tree] = {
        "tool": {
            "driver": {
                "name": "replay",
                "version": printable(view.run.tool_version),
                "rules": [_rule(oracle) for oracle in oracles],
            }
        },
        "automationDetails": {"id": f"replay/{printable(view.run.command)}/"},
        "invocations": [_invocation(view)],
        "results": [
            *(_result(finding, oracles) for finding in findings),
            *(_suppressed(one, one.finding, oracles) for one in view.accepted if one.finding and not one.is_over),
        ],
        "columnKind": "unicodeCodePoints",
    }
    return dump_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + b"\n"


def _rule(oracle: str) -> Tree:
    risk = _text(risk_of(oracle))
    help_text = f"{risk}. The HTML report shows the proof."
    return {"id": printable(oracle), "shortDescription": {"text": risk}, "help": {"text": help_text}}


def _suppressed(one: Accepted, finding: Finding, oracles: list[str]) -> Tree:
    why = f"{printable(one.reason)} (until {one.until})"
    return {**_result(finding, oracles), "suppressions": [{"kind": "external", "justification": why}]}


def _result(finding: Finding, oracles: list[str]) -> dict[str, Tree]:
    says = f"{finding.title}. Expected: {finding.expected}. Observed: {finding.observed}."
    where = f"{finding.method} {finding.endpoint}".strip()
    uri = quote(printable(finding.endpoint).lstrip("/"), safe="/") or "unknown"
    return {
        "ruleId": printable(finding.oracle),
        "ruleIndex": oracles.index(finding.oracle),
        "level": "note" if finding.level is Level.INFO else _LEVELS[finding.severity],
        "message": {"text": _text(says)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": printable(where), "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"replay/v1": printable(finding.fingerprint)},
        "properties": {
            "severity": finding.severity.value,
            "level": finding.level.value,
            "mutator": printable(finding.mutator),
            "tenant": printable(finding.tenant),
        },
    }


def _invocation(view: RunView) -> Tree:
    notes: list[Tree] = []
    for reason in count_reasons(view.not_judged):
        details = "; ".join(reason.details[:_DETAILS])
        says = f"{reason.count} not judged, {reason.reason}" + (f": {details}" if details else "")
        notes.append({"level": "warning", "message": {"text": _text(says)}, "descriptor": {"id": _id(reason.reason)}})
    return {"executionSuccessful": view.run.finished, "toolExecutionNotifications": notes}


def _id(reason: str) -> str:
    return printable(reason) or "unknown"


def _text(text: str) -> str:
    text = printable(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return text.replace("{", "{{").replace("}", "}}")
