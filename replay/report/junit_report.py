"""The run as JUnit XML: findings are failures, grouped by oracle; not judged is an error with its reason; never green.

What is only worth knowing (level info) fails nothing: it stands in `system-out`.

Rule: XML 1.0 cannot hold control characters at all, not even escaped; they are replaced before anything is written.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from replay.model.codec import dump_json
from replay.model.finding import Finding, Level
from replay.play.playable import IN_THE_RECORDING
from replay.report.view import RunView, worst_first

# Everything but XML 1.0's Char (section 2.2), and the direction marks that make a CI's page lie.
_ILLEGAL = re.compile(
    "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_CLASS = "replay"


def render(view: RunView) -> bytes:
    """UTF-8 with an XML declaration."""
    root = Element("testsuites", name=_legal(f"replay {view.run.command}"))
    groups: dict[str, list[Finding]] = {}
    notes: list[Finding] = []
    for finding in worst_first(view.findings):
        if finding.level is Level.INFO:
            notes.append(finding)
        else:
            groups.setdefault(finding.oracle, []).append(finding)
    for oracle, findings in groups.items():
        suite = _suite(root, oracle, tests=len(findings), failures=len(findings))
        for finding in findings:
            _failure(suite, finding)
    if view.not_judged:
        _not_judged(root, view)
    _played(root, view, notes)
    failures = sum(map(len, groups.values()))
    _totals(root, view, failures)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(root: Element, name: str, *, tests: int, failures: int = 0, errors: int = 0, skipped: int = 0) -> Element:
    counts = {"tests": tests, "failures": failures, "errors": errors, "skipped": skipped}
    return SubElement(root, "testsuite", {"name": _legal(name)} | {key: str(n) for key, n in counts.items()})


def _not_judged(root: Element, view: RunView) -> None:
    """What no run could send (a WebSocket) is skipped; the rest is an error: never green by silence."""
    errors, skipped = _lost(view)
    suite = _suite(root, "not judged", tests=errors + skipped, errors=errors, skipped=skipped)
    for one in view.not_judged:
        name = f"{one.endpoint} {one.mutator} {one.case_id}".strip()
        case = SubElement(suite, "testcase", classname=f"{_CLASS}.not-judged", name=_legal(name))
        message = _legal(f"{one.reason}: {one.detail}")
        if one.reason in IN_THE_RECORDING:
            SubElement(case, "skipped", message=message)
        else:
            SubElement(case, "error", type=_legal(one.reason), message=message)


def _lost(view: RunView) -> tuple[int, int]:
    """How many errors, and how many that no run could send."""
    skipped = sum(1 for one in view.not_judged if one.reason in IN_THE_RECORDING)
    return len(view.not_judged) - skipped, skipped


def _played(root: Element, view: RunView, notes: list[Finding]) -> None:
    """One passing case when something was clean (some CIs take a file without any for a broken one), and the notes."""
    tests = _passing(view)
    if not tests and not notes:
        return
    suite = _suite(root, "clean", tests=tests)
    if tests:
        clean = view.summary.clean if view.summary else 0
        name = f"{clean} {'case' if clean == 1 else 'cases'} clean" if clean else "clean replays: no finding"
        SubElement(suite, "testcase", classname=f"{_CLASS}.clean", name=name)
    if notes:
        out = SubElement(suite, "system-out")
        out.text = _legal("\n\n".join(f"info: {_name(one)}\n{_details(one)}" for one in notes))


def _passing(view: RunView) -> int:
    """1 or 0: cases were clean, or a finished run without cases found nothing and could judge everything."""
    if view.summary is None:
        return 0
    is_all_clean = view.run.finished and not _lost(view)[0] and not _has_failures(view) and not view.summary.cases
    return 1 if view.summary.clean or is_all_clean else 0


def _has_failures(view: RunView) -> bool:
    return any(one.level is not Level.INFO for one in view.findings)


def _name(finding: Finding) -> str:
    return f"{finding.method} {finding.endpoint}: {finding.title} [{finding.fingerprint}]"


def _details(finding: Finding) -> str:
    lines = [
        f"expected: {finding.expected}",
        f"observed: {finding.observed}",
        f"tenant: {finding.tenant or 'unknown'}",
        f"mutator: {finding.mutator}",
        *(f"{proof.label}: {dump_json(proof.data).decode()}" for proof in finding.proofs),
    ]
    return "\n".join(lines)


def _failure(suite: Element, finding: Finding) -> None:
    case = SubElement(suite, "testcase", classname=_legal(f"{_CLASS}.{finding.oracle}"), name=_legal(_name(finding)))
    kind = f"{finding.severity.value}.{finding.level.value}"
    failure = SubElement(case, "failure", type=kind, message=_legal(f"{finding.title}: {finding.observed}"))
    failure.text = _legal(_details(finding))


def _totals(root: Element, view: RunView, failures: int) -> None:
    errors, skipped = _lost(view)
    root.set("tests", str(failures + errors + skipped + _passing(view)))
    root.set("failures", str(failures))
    root.set("errors", str(errors))
    root.set("skipped", str(skipped))
    root.set("time", f"{view.summary.seconds if view.summary else 0.0:.3f}")


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
