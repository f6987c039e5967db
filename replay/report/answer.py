"""The head of the report: may this be shipped? In the words of the exit status, which was decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.finding import Level, Severity
from replay.report.detail import Detail
from replay.report.view import RunView, tally_of

_LEVELS = (Level.CONFIRMED, Level.PROBABLE, Level.INFO)


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """`mark`: ship, stop, open, or none when nobody has decided."""

    mark: str
    sign: str
    headline: str
    sentences: tuple[str, ...]


def answer_of(view: RunView, detail: Detail) -> Answer:
    sentences = (_found(view, detail), _open(view), *_how(view))
    if detail.status == 1:
        return Answer("stop", "✕", "Do not ship", sentences)
    if detail.status == 3:
        return Answer("open", "?", "Cannot say: something was not judged", sentences)
    if detail.status == 0:
        return Answer("ship", "✓", "Nothing found that speaks against shipping", sentences)
    return Answer("none", "·", "What the run found", sentences)


def _found(view: RunView, detail: Detail) -> str:
    known = sum(one.finding is not None and not one.is_over for one in view.accepted)
    beside = f" beside {known} that {'is' if known == 1 else 'are'} accepted" if known else ""
    if not view.findings:
        return f"No findings{beside}."
    counts = {level: sum(one.level is level for one in view.findings) for level in _LEVELS}
    levels = ", ".join(f"{n} {level.value}" for level, n in counts.items() if n)
    high = sum(one.severity is Severity.HIGH for one in view.findings)
    text = f"{len(view.findings)} finding{'s' * (len(view.findings) != 1)} ({levels}), {high} of high severity{beside}"
    return f"{text}; a build fails on {detail.fail_on}." if detail.fail_on else f"{text}."


def _open(view: RunView) -> str:
    if not view.not_judged:
        return "Everything that was planned got a verdict."
    return f"{len(view.not_judged)} without a verdict: not judged is not clean."


def _how(view: RunView) -> tuple[str, ...]:
    out = []
    if view.summary is not None:
        tally = tally_of(view.summary, view.findings, view.not_judged)
        if tally.cases:
            out.append(f"{tally.cases} cases: {tally.of_cases()}.")
    if view.fidelity is not None and view.fidelity.exchanges:
        one = view.fidelity
        out.append(
            f"Fidelity {one.score:.0%}: {one.statuses_reproduced} of {one.exchanges} statuses came back as recorded."
        )
    if not view.run.finished:
        out.append("The run was stopped early; this is what it had by then.")
    return tuple(out)
