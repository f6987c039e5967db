"""`replay repro`: what was sent for one finding, to send again by hand."""

from __future__ import annotations

from pathlib import Path

import click

from replay.cli.options import run_argument
from replay.compose.verdicts import trace_behind
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
def repro_command(run_file: Path, fingerprint: str, form: str, reveal: bool) -> None:
    """Print the requests behind the finding FINGERPRINT of RUN.db, in their order, as curl commands.

    Tokens and ids are taken from the answers that the script gets itself (python3 reads them). What clients make up,
    such as an e-mail that signs up, is that of the run: a target that has met it may refuse it a second time.
    """
    del form  # there is one so far
    trace, target = trace_behind(run_file, fingerprint)
    click.echo(as_curl(trace, target, reveal=reveal), nl=False)
