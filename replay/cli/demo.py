"""`replay demo`: the whole way in one command, on this machine alone."""

from __future__ import annotations

import asyncio
import shlex
import sys
import time
from pathlib import Path

import click

from replay.cli.options import SEED, quiet_option
from replay.cli.playing import until_stopped
from replay.cli.showing import show
from replay.demo.tour import Tour, perform
from replay.model.errors import StoppedError
from replay.report.progress import ProgressReporter


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("replay-demo"),
    show_default=True,
    help="Folder for capture.db, run.db and report.json.",
)
@click.option("--fixed", is_flag=True, help="The shop without planted faults: there must be no finding.")
@click.option("--db", "database", metavar="URL", help="postgresql://… for QA [default: SQLite].")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Same seed, same findings.")
@quiet_option
def demo_command(out: Path, fixed: bool, database: str | None, seed: int, quiet: bool) -> None:
    """Record, replay, fuzz and judge a bundled course shop with planted faults. Needs nothing else.

    Exits 0 when it ran to its end, whatever it found. Everything stays on 127.0.0.1.
    """
    tour = Tour(out, fixed, database, seed)
    reporter = ProgressReporter(sys.stderr, quiet=quiet, clock=time.monotonic)
    try:
        view = asyncio.run(until_stopped(lambda stop: perform(tour, (reporter,), stop)))
    finally:
        reporter.close()
    show(view, as_json=False)
    if not view.run.finished:
        raise StoppedError(f"stopped before the end; {tour.run_file} holds what was done.")
    click.echo(f"\nWritten: {tour.capture}, {tour.run_file}, {tour.report}\nNext:")
    steps = _next_steps(tour)
    width = max(len(command) for command, _ in steps)
    for command, why in steps:
        click.echo(f"  {command.ljust(width)}  {why}")


def _next_steps(tour: Tour) -> list[tuple[str, str]]:
    run, capture = shlex.quote(str(tour.run_file)), shlex.quote(str(tour.capture))
    steps = [
        (f"replay inspect {capture}", "what was recorded, and what redaction did"),
        (f"replay report {run} --format junit", "for CI"),
        (f"replay judge {run}", "the verdicts again, from the stored evidence"),
    ]
    return steps if tour.fixed else [*steps, ("replay demo --fixed", "the shop without its faults: nothing to find")]
