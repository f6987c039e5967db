"""`replay baseline save`: the runs of a release under a name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from replay.cli.options import FILE
from replay.cli.options_baseline import baselines_option
from replay.compose.baselines import load_baselines, release_of, save_baselines
from replay.engine.clock import SystemClock
from replay.model.errors import UsageError
from replay.report.terminal import printable


@click.command("save")
@click.argument("name")
@click.argument("run_files", metavar="RUN.db...", nargs=-1, required=True, type=FILE)
@baselines_option
@click.option("--replace", "is_new", is_flag=True, help="Take the place of a baseline of that name.")
def save_command(name: str, run_files: tuple[Path, ...], baselines: Path, is_new: bool) -> None:
    """Save what the runs RUN.db... cost as the baseline NAME.

    Several runs of one release show how much they differ by themselves; a change must then be larger than that.
    """
    known = load_baselines(baselines)
    if any(one.name == name for one in known.releases) and not is_new:
        raise UsageError(f"{baselines} holds a baseline `{printable(name)}` already: --replace it, or name another.")
    release = release_of(name, run_files, SystemClock().wall())
    others = tuple(one for one in known.releases if one.name != name)
    save_baselines(replace(known, releases=(*others, release)))
    requests = sum(one.requests for one in release.endpoints.values())
    runs = "1 run" if len(release.runs) == 1 else f"{len(release.runs)} runs"
    said = f"{baselines}: {name} saved, {runs}, {len(release.endpoints)} endpoints, {requests} requests"
    click.echo(printable(said))
