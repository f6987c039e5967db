"""The run as a short Markdown summary for a pull request: the answer, the worst findings, what got no verdict.

Rule: text from traffic stands in code spans only. There nothing is a link, an image, a heading or somebody's name.
"""

from __future__ import annotations

from collections.abc import Iterator

from replay.model.finding import Finding
from replay.report.answer import answer_of
from replay.report.detail import Detail
from replay.report.terminal import printable, shortened
from replay.report.view import RunView, count_reasons, worst_first

_MOST_FINDINGS = 25  # GitHub takes 65,536 characters in a comment, GitLab a million
_MOST_REASONS = 12
_CHARS = 160


def render(view: RunView) -> bytes:
    """UTF-8, a line feed at the end."""
    return ("\n".join(_lines(view)) + "\n").encode("utf-8", "replace")


def _lines(view: RunView) -> Iterator[str]:
    answer = answer_of(view, view.detail or Detail())
    yield f"## {answer.sign} replay: {answer.headline}"
    yield ""
    yield f"{code(view.run.command)} against {code(view.run.target)}, run {code(view.run.id)}, seed {view.run.seed}."
    yield ""
    for sentence in answer.sentences:
        yield f"- {sentence}"
    findings = worst_first(view.findings)
    if findings:
        yield from (
            "",
            "| severity | sure | endpoint | finding | observed | fingerprint |",
            "|---|---|---|---|---|---|",
        )
        for one in findings[:_MOST_FINDINGS]:
            yield _row(one)
        if len(findings) > _MOST_FINDINGS:
            yield from ("", f"And {len(findings) - _MOST_FINDINGS} more: `replay report RUN.db`.")
        yield from ("", f"To send one again: {code(f'replay repro RUN.db {findings[0].fingerprint}')}")
    if view.accepted:
        yield from ("", "| reviewed | until | state | reason |", "|---|---|---|---|")
        for known in view.accepted:
            yield f"| {code(known.fingerprint)} | {known.until} | {known.state} | {code(known.reason)} |"
    reasons = count_reasons(view.not_judged)
    if reasons:
        yield from ("", "| not judged | reason | first detail |", "|---:|---|---|")
        for reason in reasons[:_MOST_REASONS]:
            yield f"| {reason.count} | {code(reason.reason)} | {code(reason.details[0]) if reason.details else ''} |"


def _row(finding: Finding) -> str:
    where = f"{finding.method} {finding.endpoint}".strip()
    cells = (code(where), code(finding.title), code(finding.observed), code(finding.fingerprint))
    return f"| {finding.severity.value} | {finding.level.value} | {' | '.join(cells)} |"


def code(text: str) -> str:
    """A code span; a backtick would end it, a bar would end the cell of a table (GFM section 4.10)."""
    shown = shortened(printable(text), _CHARS).replace("`", "'").replace("|", "\\|").strip()
    return f"`{shown}`" if shown else ""
