"""Progress while a run goes on: a live bar on a terminal, a few lines in a log file, nothing when asked to be quiet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Column

from replay.model import event as events
from replay.model.finding import Finding, NotJudged
from replay.report.terminal import printable
from replay.report.view import tally_of

_LINE_SECONDS = 5.0  # at most one line per so many seconds inside a stage


class ProgressReporter:
    """`clock` gives seconds that never go back; only differences count."""

    def __init__(self, stream: TextIO, clock: Callable[[], float], *, quiet: bool = False) -> None:
        self._stream = stream
        self._clock = clock
        self._is_quiet = quiet
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._stage = ""
        self._last: events.Progress | None = None  # told, but not written yet
        self._written = 0.0
        self._found: dict[str, Finding] = {}
        self._unjudged: list[NotJudged] = []

    @property
    def name(self) -> str:
        return "progress"

    def on_event(self, event: events.Event) -> None:
        if self._is_quiet:
            return
        if isinstance(event, events.RunStarted):
            self._start(event)
        elif isinstance(event, events.Progress):
            self._advance(event)
        elif isinstance(event, events.Found):
            finding = event.finding
            self._found[finding.fingerprint] = finding
            self._say(f"found: {finding.severity.value} {finding.oracle} {finding.method} {finding.endpoint}")
        elif isinstance(event, events.Unjudged):
            self._unjudged.append(event.verdict)
        elif isinstance(event, events.IdentitiesUsed):
            failed = f", {event.failed} not to be had" if event.failed else ""
            self._say(f"identities: {event.fetched} sets of credentials, {event.renewed} renewals{failed}")
        elif isinstance(event, events.RunEnded):
            self._end(event)

    def close(self) -> None:
        """Leave the terminal as it was; may be called twice."""
        self._finish_stage()
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._task = None

    def _start(self, event: events.RunStarted) -> None:
        self._say(
            f"replay {event.run.command} against {event.run.target}: "
            f"{event.sessions} sessions, {event.exchanges} exchanges"
        )
        if self._stream.isatty() and not Console(file=self._stream).is_dumb_terminal:  # TERM=dumb cannot redraw
            console = Console(file=self._stream, force_terminal=True, markup=False, highlight=False, emoji=False)
            columns = (
                TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[sent]} requests", markup=False),
                TimeElapsedColumn(),
            )
            self._bar = Bar(*columns, console=console, transient=True, get_time=self._clock)
            self._bar.start()

    def _advance(self, event: events.Progress) -> None:
        total = event.total or None
        if event.stage != self._stage:
            self._finish_stage()
            self._stage = event.stage
            if self._bar is None:
                self._write(event)
                return
            self._task = self._bar.add_task(printable(event.stage), total=total, completed=event.done, sent=0)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=event.done, total=total, sent=event.requests_sent)
        elif event.done == event.total or self._clock() - self._written >= _LINE_SECONDS:
            self._write(event)
        else:
            self._last = event

    def _finish_stage(self) -> None:
        """The stage's last state, when the pause between lines has held it back."""
        if self._last is not None:
            self._write(self._last)
        if self._bar is not None and self._task is not None:
            self._bar.refresh()  # the bar draws at its own pace; a stage's end is always shown
            self._bar.remove_task(self._task)
            self._task = None

    def _end(self, event: events.RunEnded) -> None:
        self.close()
        summary = event.summary
        word = "finished" if event.finished else "stopped early"
        tally = tally_of(summary, self._found.values(), self._unjudged)
        verdicts = f"cases {tally.cases}: {tally.of_cases()}" if tally.cases else tally.of_cases()
        findings = f"findings {tally.of_findings()}"
        self._say(f"{word} after {summary.seconds:.1f} s; " + "; ".join(filter(None, (verdicts, findings))))

    def _write(self, event: events.Progress) -> None:
        self._last = None
        self._written = self._clock()
        sent = f"{event.requests_sent} requests"
        self._say(f"{event.stage}: {event.done}/{event.total}, {sent}" if event.total else f"{event.stage}: {sent}")

    def _say(self, text: str) -> None:
        line = printable(text)
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            self._stream.write(line + "\n")
            self._stream.flush()
