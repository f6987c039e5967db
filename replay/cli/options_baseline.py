"""Where named baselines are kept."""

from __future__ import annotations

from pathlib import Path

import click

from replay.compose.baselines import DEFAULT_NAME

baselines_option = click.option(
    "--baselines",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(DEFAULT_NAME),
    show_default=True,
    metavar="FILE",
    help="File of named baselines; small, and fit to be kept beside the code.",
)
