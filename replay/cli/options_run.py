"""Options about the run file and the share of the capture that a run plays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from replay.compose.noise_file import read_noise
from replay.model.difference import Noise
from replay.play.groups import shard_for

Command = TypeVar("Command", bound=Callable[..., Any])
NAMES = ("resume", "shard", "known_good")


def run_options(command: Command) -> Command:
    options = (
        click.option("--resume", is_flag=True, help="Go on with the unfinished run in --out; send nothing twice."),
        click.option(
            "--shard",
            metavar="I/N",
            callback=lambda _context, _parameter, text: shard_for(text) if text else None,
            help="Play this part of the capture only, such as 2/4; see `replay merge`.",
        ),
        click.option(
            "--known-good",
            metavar="URL",
            default="",
            help="The build that is right, played beside the target: differences are against it, not the recording.",
        ),
        click.option(
            "--noise",
            "noise_path",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Accepted rules of `replay noise`: what need not be equal.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def of_run(options: dict[str, Any]) -> dict[str, Any]:
    """The fields of a `RunRequest` that these options fill."""
    path = options["noise_path"]
    noise = read_noise(path).applied() if path else Noise()
    return {**{name: options[name] for name in NAMES}, "noise": noise}
