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

from replay.cli.options import configuration, threshold
from replay.cli.showing import show
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import exit_status, read_view
from replay.engine.drive import StopFlag
from replay.report.progress import ProgressReporter
from replay.store.key_files import read_signer

Result = TypeVar("Result")


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
        speed=options["speed"],
        mutators=mutators,
        database=options["database"],
        allow_origin=options["allow_origin"],
        allow_expired=options["allow_expired"],
        unlock=options["unlock"],
        signer=read_signer(options["require_signature"]) if options["require_signature"] else "",
    )
    run_with_progress(request, quiet=options["quiet"])
    view = read_view(request.out)
    show(view, as_json=options["as_json"])
    if not options["as_json"]:
        click.echo(f"\nRun file: {request.out}   next: replay report {request.out} --format json")
    return exit_status(view, threshold(options["fail_on"], options["fail_on_probable"]))


def run_with_progress(request: RunRequest, *, quiet: bool) -> None:
    """Show progress on stderr while the run goes on."""
    reporter = ProgressReporter(sys.stderr, quiet=quiet, clock=time.monotonic)
    try:
        asyncio.run(until_stopped(lambda stop: execute(request, (reporter,), stop)))
    finally:
        reporter.close()


async def until_stopped(work: Callable[[StopFlag], Awaitable[Result]]) -> Result:
    """Ctrl-C (or SIGTERM) once: finish what is in flight, save, end. Twice: end now."""
    loop = asyncio.get_running_loop()
    stop = StopFlag()

    def first() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.default_int_handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, first)
    return await work(stop)
