"""The run for a person at a terminal: what was done, what is wrong with its proof, and what could not be judged."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from io import StringIO

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from replay.model.difference import Coverage
from replay.model.finding import Finding, Severity
from replay.report.load_figures import load_rows
from replay.report.proof_text import proof_lines
from replay.report.remains_figures import remains_rows
from replay.report.terminal import printable, shortened
from replay.report.view import RunView, count_reasons, tally_of, worst_first

_STYLE = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}
_REASON_DETAILS = 3
_DETAIL_CHARS = 200
_TABLE_COLUMNS = 80  # below, findings are listed one under the other: no fingerprint is cut in two
_UNFAITHFUL = "low-fidelity"


def render(view: RunView, *, colour: bool = False, width: int = 100) -> str:
    """The whole report. Without `colour` it holds no escape sequence at all."""
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, color_system="standard" if colour else None, no_color=not colour,
        markup=False, highlight=False, emoji=False, legacy_windows=False, _environ={},
    )  # fmt: skip
    for part in _parts(view, width):
        console.print(part)
    lines = (line.rstrip() for line in out.getvalue().splitlines())
    return "\n".join(lines) + "\n"


def _parts(view: RunView, width: int) -> Iterator[RenderableType]:
    yield from _head(view)
    findings = worst_first(view.findings)
    if findings:
        yield Text(f"\n{_plural(len(findings), 'finding')}", style="bold")
        if width < _TABLE_COLUMNS:
            yield from _stacked(findings)
        else:
            yield _overview(findings)
        for n, finding in enumerate(findings, 1):
            yield from _finding(n, finding)
    else:
        yield Text("\nNo findings.", style="bold")
    yield from _accepted(view)
    yield from _not_judged(view)
    yield from _noise(view)
    if view.compared:
        yield Text(f"Compared: {_compared(view.compared)}", style="dim")


def _head(view: RunView) -> Iterator[RenderableType]:
    run, summary = view.run, view.summary
    yield Text(f"replay {printable(run.command)} against {printable(run.target)}", style="bold")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    database = printable(run.database) or "not read"
    table.add_row("run", Text(f"{printable(run.id)}, seed {run.seed}, database: {database}"))
    if run.mutators:
        table.add_row("mutators", Text(", ".join(map(printable, run.mutators))))
    if summary is not None:
        played = f"{_plural(summary.sessions, 'session')}, {_plural(summary.exchanges, 'exchange')}"
        sent = f"{_plural(summary.requests_sent, 'request')} sent in {summary.seconds:.1f} s"
        table.add_row("played", Text(f"{played}; {sent}"))
        tally = tally_of(summary, view.findings, view.not_judged)
        if tally.cases:
            table.add_row("cases", Text(f"{tally.cases}: {tally.of_cases()}"))
        table.add_row("findings", Text(tally.of_findings()))
    if view.fidelity is not None:
        f = view.fidelity
        statuses = f"{f.statuses_reproduced} of {f.exchanges} statuses reproduced"
        bindings = f"{f.bindings - f.unresolved} of {f.bindings} bindings resolved"
        table.add_row("fidelity", Text(f"{f.score:.0%}: {statuses}, {bindings}"))
    for label, said in (*load_rows(view.load), *remains_rows(view.remains)):
        table.add_row(label, Text(said))
    yield table
    if not run.finished:
        yield Text("The run was stopped early; this is what it had by then.", style="yellow")


def _overview(findings: tuple[Finding, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("#", "severity", "level", "oracle", "endpoint", "fingerprint"):
        table.add_column(name, overflow="fold", no_wrap=name in {"#", "severity"})
    for n, finding in enumerate(findings, 1):
        table.add_row(
            str(n),
            Text(finding.severity.value, style=_STYLE[finding.severity]),
            finding.level.value,
            Text(printable(finding.oracle)),
            Text(_endpoint(finding)),
            Text(printable(finding.fingerprint)),
        )
    return table


def _stacked(findings: tuple[Finding, ...]) -> Iterator[RenderableType]:
    """The same for a narrow screen: two lines a finding."""
    for n, finding in enumerate(findings, 1):
        head = Text(f"{n:>3}  ")
        head.append(finding.severity.value, style=_STYLE[finding.severity])
        head.append(f" {finding.level.value}  {printable(finding.oracle)}  {printable(finding.fingerprint)}")
        yield head
        yield Padding(Text(_endpoint(finding)), (0, 0, 0, 5))


def _finding(n: int, finding: Finding) -> Iterator[RenderableType]:
    head = Text(f"\n{n}. ")
    head.append(f"{finding.severity.value} ", style=_STYLE[finding.severity])
    head.append(f"({finding.level.value})  {_endpoint(finding)}", style="bold")
    yield head
    yield Padding(Text(printable(finding.title)), (0, 0, 0, 2))
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for label, text in (
        ("expected", finding.expected),
        ("observed", finding.observed),
        ("tenant", finding.tenant),
        ("found by", f"{finding.oracle}, mutator {finding.mutator}, fingerprint {finding.fingerprint}"),
    ):
        if text:
            table.add_row(label, Text(printable(text)))
    yield Padding(table, (0, 0, 0, 2))
    for proof in finding.proofs:
        yield from proof_lines(proof)


def _accepted(view: RunView) -> Iterator[RenderableType]:
    if not view.accepted:
        return
    yield Text(f"\nReviewed: {_plural(len(view.accepted), 'entry').replace('entrys', 'entries')}", style="bold")
    for one in view.accepted:
        says = f"{printable(one.fingerprint)} until {one.until}, {one.state}: {printable(one.reason)}"
        yield Padding(Text(says), (0, 0, 0, 2))


def _not_judged(view: RunView) -> Iterator[RenderableType]:
    reasons = count_reasons(view.not_judged)
    if not reasons:
        return
    total = sum(reason.count for reason in reasons)
    yield Text(f"\n{total} not judged", style="bold yellow")
    for reason in reasons:
        yield Text(f"  {reason.count:>4}  {printable(reason.reason)}")
        for detail in reason.details[:_REASON_DETAILS]:
            yield Padding(Text(shortened(printable(detail), _DETAIL_CHARS), style="dim"), (0, 0, 0, 8))
        if len(reason.details) > _REASON_DETAILS:
            yield Padding(Text(f"and {len(reason.details) - _REASON_DETAILS} more", style="dim"), (0, 0, 0, 8))


def _noise(view: RunView) -> Iterator[RenderableType]:
    """One line; of what could not be judged the noise says nothing."""
    if not view.noise or any(one.reason == _UNFAITHFUL for one in view.not_judged):
        return
    n = len(view.noise)
    differ = f"{_plural(n, 'place')} {'differs' if n == 1 else 'differ'} between clean replays of one build"
    how = "replay report --format json lists them with the relation that still holds"
    yield Text(f"\nNoise: {differ} ({how})", style="dim")


def _compared(coverage: tuple[Coverage, ...]) -> str:
    """All endpoints together, and the one of which least must be equal."""
    together = reduce(Coverage.plus, coverage).told
    told = [one for one in coverage if one.leaves]  # an answer without a body has nothing to compare
    if len(told) < 2:
        return together
    least = min(told, key=lambda one: (one.equal / one.leaves, one.endpoint))
    return f"{together}; least closely {printable(least.endpoint)}: {least.told}"


def _endpoint(finding: Finding) -> str:
    return printable(f"{finding.method} {finding.endpoint}".strip())


def _plural(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
