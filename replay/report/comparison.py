"""Two runs side by side by fingerprint: what is new, what stays, what is gone, and what nobody looked at again.

Rule: a finding is gone only when the later run could have found it. Without its oracle, its mutator, the database, or
with its endpoint not judged, it is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from replay.model.codec import dump_json
from replay.model.finding import Finding
from replay.model.tree import Tree
from replay.report.terminal import printable
from replay.report.view import RunView, names_of, worst_first

_CLEAN = "none"  # mutator of findings in clean replays


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """`unknown`: (finding of the earlier run, why the later one cannot say)."""

    new: tuple[Finding, ...]
    persisting: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    unknown: tuple[tuple[Finding, str], ...]


def compare(earlier: RunView, later: RunView) -> Comparison:
    """Findings that persist are shown as the later run has them."""
    before = {one.fingerprint for one in earlier.findings}
    after = {one.fingerprint for one in later.findings}
    gone, unknown = [], []
    for one in worst_first(earlier.findings):
        if one.fingerprint in after:
            continue
        why = _unseen(one, earlier, later)
        if why:
            unknown.append((one, why))
        else:
            gone.append(one)
    ordered = worst_first(later.findings)
    return Comparison(
        tuple(one for one in ordered if one.fingerprint not in before),
        tuple(one for one in ordered if one.fingerprint in before),
        tuple(gone),
        tuple(unknown),
    )


def render_text(found: Comparison, earlier: RunView, later: RunView) -> str:
    """A line for each finding."""
    lines = [f"run {printable(earlier.run.id)} -> run {printable(later.run.id)}"]
    for title, findings in (("new", found.new), ("persisting", found.persisting), ("gone", found.gone)):
        lines += ["", f"{len(findings)} {title}", *_listed((one, "") for one in findings)]
    if found.unknown:
        lines += ["", f"{len(found.unknown)} not looked at again", *_listed(found.unknown)]
    lines += ["", "Latency, errors and rows: `replay baseline compare`."]
    return "\n".join(lines) + "\n"


def render_json(found: Comparison, earlier: RunView, later: RunView) -> bytes:
    """One object, a line feed at the end."""
    document: Tree = {
        "earlier": earlier.run.id,
        "later": later.run.id,
        "new": [names_of(one) for one in found.new],
        "persisting": [names_of(one) for one in found.persisting],
        "gone": [names_of(one) for one in found.gone],
        "unknown": [{**names_of(one), "reason": why} for one, why in found.unknown],
    }
    return dump_json(document) + b"\n"


def _unseen(finding: Finding, earlier: RunView, later: RunView) -> str:
    """Why the later run says nothing of it; empty: it has looked."""
    if not later.run.finished:
        return "the later run was stopped early"
    if finding.oracle not in later.run.oracles:
        return f"oracle {printable(finding.oracle)} was not asked"
    if finding.mutator not in {_CLEAN, *later.run.mutators}:
        return f"mutator {printable(finding.mutator)} was not played"
    if earlier.run.database and not later.run.database:
        return "the database was not read"
    where = f"{finding.method} {finding.endpoint}".strip()
    for one in later.not_judged:
        if one.endpoint in {"", where} and one.mutator in {finding.mutator, _CLEAN, "all"}:
            return f"not judged: {printable(one.reason)}"
    return ""


def _listed(findings: Iterable[tuple[Finding, str]]) -> list[str]:
    return [
        f"  {one.severity.value:6} {printable(one.fingerprint)}  {printable(f'{one.method} {one.endpoint}'.strip())}"
        f"  {printable(one.title)}{f'  ({why})' if why else ''}"
        for one, why in findings
    ]
