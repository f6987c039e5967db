"""`replay fuzz`: clean replays, then mutated cases, each judged over stored evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from replay.cli.options import capture_argument, play_options
from replay.cli.playing import play

DEFAULT_MUTATORS = "duplicate,race,inflate,swap-tenant"


@click.command("fuzz")
@capture_argument
@click.option("--mutate", default=DEFAULT_MUTATORS, show_default=True, help="Mutators, separated by commas.")
@click.option("--cases", "limit_cases", type=click.IntRange(1), help="At most so many cases, evenly over mutators.")
@click.option("--budget", "budget_seconds", type=click.FloatRange(1), help="Start no case after so many seconds.")
@play_options
@click.pass_context
def fuzz_command(
    context: click.Context,
    /,
    capture: Path,
    mutate: str,
    limit_cases: int | None,
    budget_seconds: float | None,
    **options: Any,
) -> None:
    """Replay CAPTURE against QA with mutations, and prove with --db what broke.

    Each case is played in a world of its own (fresh users, tenants, ids) beside clean controls.
    """
    limits = {"limit_cases": limit_cases, "budget_seconds": budget_seconds}
    context.exit(play("fuzz", capture, tuple(mutate.split(",")), limits, options))
