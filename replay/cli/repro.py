"""`replay repro`: what was sent for one finding, to send again by hand."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from replay.cli.options import run_argument
from replay.compose.verdicts import trace_behind
from replay.model.errors import UsageError
from replay.report.repro import as_curl


@click.command("repro")
@run_argument
@click.argument("fingerprint")
@click.option(
    "--format", "form", type=click.Choice(["curl"]), default="curl", show_default=True, help="A script of sh."
)
@click.option(
    "--reveal",
    is_flag=True,
    help="Write credentials as they are stored, not as variables: live ones after --keep-live-values.",
)
@click.option(
    "--seed", type=click.IntRange(0), help="Of the values that clients make up; left out: others each time, and told."
)
@click.option("--as-sent", is_flag=True, help="The values that clients make up stay those of the run.")
def repro_command(run_file: Path, fingerprint: str, form: str, reveal: bool, seed: int | None, as_sent: bool) -> None:
    """Print the requests behind the finding FINGERPRINT of RUN.db, in their order, as curl commands.

    Tokens and ids are taken from the answers that the script gets itself (python3 reads them). What clients make up,
    such as an e-mail that signs up, is made anew for each script, since a target refuses it a second time.
    """
    del form  # there is one so far
    if as_sent and seed is not None:
        raise UsageError("--as-sent keeps the run's values, and --seed makes others: leave one of them out.")
    trace, target = trace_behind(run_file, fingerprint)
    fresh = None if as_sent else secrets.randbits(32) if seed is None else seed
    click.echo(as_curl(trace, target, reveal=reveal, seed=fresh), nl=False)
