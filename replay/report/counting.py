"""Progress of work that counts things: a bar on a terminal, a line now and then in a log, nothing when quiet."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_LINE_SECONDS = 5.0


class CountingProgress:
    """`tell(done, total)`; a total of 0 is not known. `clock` gives seconds that never go back."""

    def __init__(self, stream: TextIO, clock: Callable[[], float], label: str, *, quiet: bool) -> None:
        self._stream, self._clock, self._label, self._is_quiet = stream, clock, label, quiet
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._written = clock()

    def __enter__(self) -> CountingProgress:
        is_live = not self._is_quiet and self._stream.isatty() and not Console(file=self._stream).is_dumb_terminal
        if is_live:
            console = Console(file=self._stream, force_terminal=True, markup=False, highlight=False, emoji=False)
            columns = (TextColumn(self._label, markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, console=console, transient=True, get_time=self._clock)
            self._task = self._bar.add_task(self._label, total=None)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, done: int, total: int = 0) -> None:
        """How far it is."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total or None)
        elif not self._is_quiet and self._clock() - self._written >= _LINE_SECONDS:
            self._written = self._clock()
            self._stream.write(f"{self._label}: {done}" + (f" of {total}\n" if total else "\n"))
            self._stream.flush()
