"""`replay noise`: what differs between clean replays, reviewed: learn it from runs, show it, accept it."""

from __future__ import annotations

import click

from replay.cli.shelf import Shelf

# Each is `NAME_command` in `replay.cli.noise_NAME`.
COMMANDS = ("learn", "show", "accept")


@click.group("noise", commands=Shelf(COMMANDS, room="noise"))
def noise_command() -> None:
    """Review what differs between clean replays of one build, and what is still asked of it.

    A noise file is TOML, names places and never values, and is fit to be kept beside the code.
    """
