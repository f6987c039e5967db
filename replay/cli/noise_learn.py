"""`replay noise learn`: the noise of a run, added to a file that people review."""

from __future__ import annotations

from pathlib import Path

import click

from replay.cli.options import FILE
from replay.compose.noise_file import read_noise, write_noise
from replay.compose.verdicts import noise_of
from replay.diff.experience import Experience, learned


@click.command("learn")
@click.argument("run_files", metavar="RUN.db...", type=FILE, nargs=-1, required=True)
@click.option("--noise", "noise_path", required=True, type=FILE, metavar="FILE", help="Noise file; made if missing.")
def learn_command(run_files: tuple[Path, ...], noise_path: Path) -> None:
    """Add the noise of RUN.db to FILE: new rules, rules seen again, and rules retired.

    A rule whose place was equal in three runs in a row is taken out. What is new changes nothing until it is accepted.
    """
    before = read_noise(noise_path) if noise_path.exists() else Experience()
    after = before
    for path in run_files:
        noise, endpoints = noise_of(path)
        after = learned(after, noise, endpoints)
    write_noise(noise_path, after)
    known, now = {one.key for one in before.rules}, {one.key for one in after.rules}
    click.echo(
        f"{noise_path}: version {after.version}, {len(after.rules)} rules"
        f" ({len(now - known)} new, {len(known - now)} retired, {sum(one.is_accepted for one in after.rules)} accepted)"
    )
