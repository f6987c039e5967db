"""`replay redact`: prove redaction, learn for it, look at what it did, take out what must go."""

from __future__ import annotations

import click

from replay.cli.shelf import Shelf

# Each is `NAME_command` in `replay.cli.redact_NAME`.
COMMANDS = ("canary", "learn", "erase", "map", "key", "preview", "audit")


@click.group("redact", commands=Shelf(COMMANDS, room="redact"))
def redact_command() -> None:
    """Prove redaction, learn for it, look at what it does and did, and take out what must go.

    The recorder itself redacts always; nothing here can switch that off.
    """
