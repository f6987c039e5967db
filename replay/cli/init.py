"""`replay init`: a first replay.toml for a capture."""

from __future__ import annotations

from pathlib import Path

import click

from replay.cli.options import FILE, capture_argument, unlock_option
from replay.compose.config import DEFAULT_NAME
from replay.compose.starting import starter_for
from replay.model.errors import UsageError
from replay.store.sealing import Unlock


@click.command("init")
@capture_argument
@click.option("--out", type=FILE, default=Path(DEFAULT_NAME), show_default=True, help="File to write; - for stdout.")
@click.option("--target", default="", metavar="URL", help="QA: named in the file. Nothing is sent to it.")
@unlock_option
def init_command(capture: Path, out: Path, target: str, unlock: Unlock | None) -> None:
    """Write a commented configuration that suits CAPTURE.

    It lists tenants, endpoints, identities that are needed, budgets and gates. Nothing in it is switched on.
    """
    if str(out) != "-" and out.exists():
        raise UsageError(f"{out} is there already: name another file with --out, or - to see what would be written.")
    starter = starter_for(capture, unlock, target)
    if str(out) == "-":
        click.echo(starter.text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(starter.text)
    except OSError:
        raise UsageError(f"{out} cannot be written: name a file in a folder that is writable.") from None
    click.echo(f"{out} written.", err=True)
    if starter.uncovered:
        who = "1 actor has" if starter.uncovered == 1 else f"{starter.uncovered} actors have"
        click.echo(f"{who} no credentials for QA yet: see the identities in it.", err=True)
