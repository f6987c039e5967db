"""The run as JUnit XML: findings are failures, grouped by oracle; not judged is skipped, with its reason; never green.

Rule: XML 1.0 cannot hold control characters at all, not even escaped; they are replaced before anything is written.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from replay.model.codec import dump_json
from replay.model.finding import Finding
from replay.report.view import RunView, count_reasons, worst_first

# Everything but XML 1.0's Char (section 2.2), and the direction marks that make a CI's page lie.
_ILLEGAL = re.compile(
    "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_CLASS = "replay"


def render(view: RunView) -> bytes:
    """UTF-8 with an XML declaration."""
    root = Element("testsuites", name=_legal(f"replay {view.run.command}"))
    clean = view.summary.clean if view.summary else 0
    groups: dict[str, list[Finding]] = {}
    for finding in worst_first(view.findings):
        groups.setdefault(finding.oracle, []).append(finding)
    for oracle, findings in groups.items():
        suite = _suite(root, oracle, tests=len(findings), failures=len(findings))
        for finding in findings:
            _failure(suite, finding)
    if view.not_judged:
        suite = _suite(root, "not judged", tests=len(view.not_judged), skipped=len(view.not_judged))
        for one in view.not_judged:
            name = f"{one.endpoint} {one.mutator} {one.case_id}".strip()
            case = SubElement(suite, "testcase", classname=f"{_CLASS}.not-judged", name=_legal(name))
            SubElement(case, "skipped", message=_legal(f"{one.reason}: {one.detail}"))
    suite = _suite(root, "clean", tests=1)
    SubElement(suite, "testcase", classname=f"{_CLASS}.clean", name=f"{clean} cases clean")
    _totals(root, view)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(root: Element, name: str, *, tests: int, failures: int = 0, skipped: int = 0) -> Element:
    counts = {"tests": tests, "failures": failures, "errors": 0, "skipped": skipped}
    return SubElement(root, "testsuite", {"name": _legal(name)} | {key: str(n) for key, n in counts.items()})


def _failure(suite: Element, finding: Finding) -> None:
    name = f"{finding.method} {finding.endpoint}: {finding.title} [{finding.fingerprint}]"
    case = SubElement(suite, "testcase", classname=_legal(f"{_CLASS}.{finding.oracle}"), name=_legal(name))
    kind = f"{finding.severity.value}.{finding.level.value}"
    failure = SubElement(case, "failure", type=kind, message=_legal(f"{finding.title}: {finding.observed}"))
    lines = [
        f"expected: {finding.expected}",
        f"observed: {finding.observed}",
        f"tenant: {finding.tenant or 'unknown'}",
        f"mutator: {finding.mutator}",
        *(f"{proof.label}: {dump_json(proof.data).decode()}" for proof in finding.proofs),
    ]
    failure.text = _legal("\n".join(lines))


def _totals(root: Element, view: RunView) -> None:
    reasons = count_reasons(view.not_judged)
    skipped = sum(reason.count for reason in reasons)
    root.set("tests", str(len(view.findings) + skipped + 1))
    root.set("failures", str(len(view.findings)))
    root.set("errors", "0")
    root.set("skipped", str(skipped))
    root.set("time", f"{view.summary.seconds if view.summary else 0.0:.3f}")


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
