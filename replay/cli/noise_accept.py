"""`replay noise accept`: a person takes a rule for granted, and says why."""

from __future__ import annotations

from pathlib import Path

import click

from replay.cli.options import FILE
from replay.compose.noise_file import read_noise, write_noise
from replay.diff.experience import Experience, accepted
from replay.model.difference import Relation
from replay.report.terminal import printable


@click.command("accept")
@click.option("--noise", "noise_path", required=True, type=FILE, metavar="FILE", help="Noise file; made if missing.")
@click.option("--endpoint", required=True, help="As in reports, such as 'GET /orders/{id}'.")
@click.option("--place", required=True, help="As in reports, such as body.score.")
@click.option("--relation", type=click.Choice([str(one) for one in Relation]), help="What must hold instead.")
@click.option("--reason", required=True, help="Why, for whoever reviews the file.")
def accept_command(noise_path: Path, endpoint: str, place: str, relation: str | None, reason: str) -> None:
    """Accept a rule of FILE, or make one: runs with --noise FILE then ask only for its relation."""
    before = read_noise(noise_path) if noise_path.exists() else Experience()
    after = accepted(before, endpoint, place, Relation(relation) if relation else None, reason)
    write_noise(noise_path, after)
    found = after.find(endpoint, place)
    held = found.rule.relation if found else ""
    click.echo(printable(f"{noise_path}: version {after.version}; {endpoint} {place} must keep: {held}"))
