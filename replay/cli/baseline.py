"""`replay baseline`: named releases and what they cost; whether another release costs more."""

from __future__ import annotations

import click

from replay.cli.shelf import Shelf


@click.group("baseline", commands=Shelf(("save", "compare", "list", "bisect"), "baseline"))
def baseline_command() -> None:
    """Compare releases by what their runs cost: latency, errors, rows and bytes at every endpoint.

    A change is told only when chance does not explain it and when it is larger than runs of one release differ.
    """
