"""`replay fuzz`: clean replays, then mutated cases, each judged over stored evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from replay.cli.options import capture_argument, finite, play_options
from replay.cli.playing import play
from replay.model.errors import UsageError

DEFAULT_MUTATORS = "duplicate,race,inflate,swap-tenant"
ONE_AT_A_TIME = (
    "--workers shares clean replays (`replay run`), not cases: a case is judged by what the target's database has"
    " changed while it ran, and would be blamed for the rows of another worker's case. Leave --workers out."
)


@click.command("fuzz")
@capture_argument
@click.option("--mutate", default=DEFAULT_MUTATORS, show_default=True, help="Mutators, separated by commas.")
@click.option("--cases", "limit_cases", type=click.IntRange(1), help="At most so many cases, evenly over mutators.")
@click.option(
    "--budget", "budget_seconds", type=click.FloatRange(1), callback=finite, help="Seconds; no new case after."
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, hidden=True)  # of `replay run`; refused below
@play_options
@click.pass_context
def fuzz_command(
    context: click.Context,
    /,
    capture: Path,
    mutate: str,
    limit_cases: int | None,
    budget_seconds: float | None,
    workers: int,
    **options: Any,
) -> None:
    """Replay CAPTURE against QA with mutations, and prove with --db what broke.

    Each case is played in a world of its own (fresh users, tenants, ids) beside clean controls.
    """
    if not mutate.strip(", "):
        raise UsageError("--mutate is empty: name mutators, or use `replay run` for clean replays.")
    if workers > 1:
        raise UsageError(ONE_AT_A_TIME)
    limits = {"limit_cases": limit_cases, "budget_seconds": budget_seconds}
    context.exit(play("fuzz", capture, tuple(mutate.split(",")), limits, options))
