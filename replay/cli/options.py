"""Options that several commands share: the same words everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from replay.cli.options_live import live_options
from replay.cli.options_pace import pace_options
from replay.cli.options_run import run_options
from replay.cli.options_safety import safety_options
from replay.cli.options_wire import wire_options
from replay.compose.config import Config, load_config
from replay.compose.verdicts import Threshold
from replay.model.finding import Severity
from replay.store.key_files import read_unlock

Command = TypeVar("Command", bound=Callable[..., Any])
SEED = click.IntRange(-(2**63), 2**63 - 1)  # what a run file can hold
FILE = click.Path(path_type=Path, dir_okay=False)

capture_argument = click.argument("capture", type=FILE)
run_argument = click.argument("run_file", metavar="RUN.db", type=FILE)
config_option = click.option(
    "--config", "config_path", type=FILE, help="Configuration file [default: replay.toml in this folder, if any]."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
unlock_option = click.option(
    "--unlock",
    type=FILE,
    envvar="REPLAY_UNLOCK",
    callback=lambda _context, _parameter, file: read_unlock(file) if file else None,
    metavar="FILE",
    help="Private key for an encrypted capture [also: REPLAY_UNLOCK].",
)
quiet_option = click.option("--quiet", is_flag=True, help="No progress.")


def threshold_options(command: Command) -> Command:
    """`--fail-on` and `--fail-on-probable`: what makes the exit status 1."""
    command = click.option(
        "--fail-on",
        type=click.Choice(["low", "medium", "high", "never"]),
        default="low",
        show_default=True,
        help="Least severity of a confirmed finding that makes the exit status 1.",
    )(command)
    return click.option("--fail-on-probable", is_flag=True, help="Probable findings fail as well.")(command)


def play_options(command: Command) -> Command:
    """What `run` and `fuzz` have in common."""
    options = (
        click.option("--target", required=True, metavar="URL", help="QA. Nothing is sent to any other host."),
        click.option("--out", required=True, type=FILE, metavar="RUN.db", help="Run file to write; see --resume."),
        click.option("--db", "database", metavar="URL", help="The target's database: proof by rows. Only read."),
        click.option("--concurrency", type=click.IntRange(1, 1024), help="Requests in flight at most [default: 16]."),
        click.option("--seed", type=SEED, help="Same seed, same requests [default: 0]."),
        click.option(
            "--quiet-seconds",
            type=click.FloatRange(0, 60),
            callback=finite,
            help="Database at rest after [default: 0.2].",
        ),
        click.option("--allow-origin", is_flag=True, help="Allow sending to where the capture was recorded."),
        click.option("--allow-expired", is_flag=True, help="Replay the capture though it has expired."),
        click.option(
            "--require-signature",
            type=FILE,
            metavar="FILE",
            help="Replay only what the holder of this public key has signed, unchanged.",
        ),
        unlock_option,
        config_option,
        json_option,
        quiet_option,
    )
    for option in reversed(options):
        command = option(command)
    return threshold_options(run_options(safety_options(wire_options(live_options(pace_options(command))))))


def finite(_: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """Refuses NaN, which passes every comparison of a range."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter("must be a number", param=parameter)
    return value


def configuration(path: Path | None) -> Config:
    return load_config(path, Path.cwd())


def threshold(fail_on: str, fail_on_probable: bool) -> Threshold:
    return Threshold(None if fail_on == "never" else Severity(fail_on), fail_on_probable)
