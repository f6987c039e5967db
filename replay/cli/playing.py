"""Runs a request to its end under the terminal's eyes: progress, Ctrl-C, summary, exit status."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from replay.cli.closed_pipe import decide
from replay.cli.options import configuration, threshold
from replay.cli.options_live import of_live
from replay.cli.options_pace import of_pace
from replay.cli.options_run import of_run
from replay.cli.options_safety import safety_of
from replay.cli.options_wire import wire_of
from replay.cli.showing import show
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import exit_status, read_view
from replay.compose.workers import execute_with_workers
from replay.engine.drive import StopFlag
from replay.model.errors import StoppedError
from replay.report.progress import ProgressReporter
from replay.store.key_files import read_signer
from replay.wire.loops import loop_factory

Result = TypeVar("Result")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def play(
    command: str, capture: Path, mutators: tuple[str, ...], limits: dict[str, Any], options: dict[str, Any]
) -> int:
    """Execute, print the report, return the exit status."""
    config = configuration(options["config_path"])
    settings = config.settings(
        seed=options["seed"],
        concurrency=options["concurrency"],
        quiet_seconds=options["quiet_seconds"],
        **limits,
    )
    request = RunRequest(
        command=command,
        capture=capture,
        target=options["target"],
        out=options["out"],
        settings=settings,
        config=config,
        mutators=mutators,
        database=options["database"],
        allow_origin=options["allow_origin"],
        allow_expired=options["allow_expired"],
        unlock=options["unlock"],
        signer=read_signer(options["require_signature"]) if options["require_signature"] else "",
        safety=config.safety.chosen(safety_of(options)),
        wire=wire_of(config.target, options),
        **of_live(options),
        **of_run(options),
        **of_pace(options, config.pace),
    )
    run_with_progress(request, quiet=options["quiet"], workers=options.get("workers", 1))
    view = read_view(request.out)
    status = decide(
        click.get_current_context(), exit_status(view, threshold(options["fail_on"], options["fail_on_probable"]))
    )
    show(view, as_json=options["as_json"])
    if not options["as_json"]:
        click.echo(f"\nRun file: {request.out}   next: replay report {request.out} --format json")
        if not view.run.finished:
            click.echo("Unfinished: the same command with --resume goes on where it stopped.")
    return status


def run_with_progress(request: RunRequest, *, quiet: bool, workers: int = 1) -> None:
    """Show progress on stderr while the run goes on."""
    reporter = ProgressReporter(sys.stderr, quiet=quiet, clock=time.monotonic)

    async def played(stop: StopFlag) -> None:
        if workers > 1:
            await execute_with_workers(request, workers, (reporter,), stop)
        else:
            await execute(request, (reporter,), stop)

    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(until_stopped(played))
    finally:
        reporter.close()


async def until_stopped(work: Callable[[StopFlag], Awaitable[Result]]) -> Result:
    """Ctrl-C (or SIGTERM) once: finish what is in flight, save, end. Twice: close the files and end now.

    Raises StoppedError for the second; a third ends even a process that hangs while it closes its files.
    """
    loop = asyncio.get_running_loop()
    task, stop, heard = asyncio.current_task(), StopFlag(), [0]  # a budget may set the flag, too: signals are counted

    def signalled() -> None:
        heard[0] += 1
        if heard[0] == 1:
            stop.set()
            return
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.default_int_handler)
        if task:
            task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, signalled)
    try:
        return await work(stop)
    except asyncio.CancelledError:
        if heard[0] < 2:
            raise
        raise StoppedError("stopped at once: what was answered by then is saved.") from None
