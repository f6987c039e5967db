"""Options that say when requests go out, and how many sessions there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from replay.compose.config_pace import with_chosen
from replay.pace.builtin import PaceWords
from replay.play.shape_words import shapes_for
from replay.play.shapes import MOST_COPIES

Command = TypeVar("Command", bound=Callable[..., Any])


def pace_options(command: Command) -> Command:
    """Pace (one plan), what is done about lateness, and load shapes."""
    options = (
        click.option("--speed", metavar="max|2x", help="As fast as order allows, or the recorded gaps [default: max]."),
        click.option("--rate", metavar="200/s", help="So many requests a second (or /min), evenly."),
        click.option("--ramp", metavar="10..200/s,steps=5,hold=30s", help="A rate that rises in steps."),
        click.option("--sessions", type=click.IntRange(1), help="Closed loop: so many sessions side by side."),
        click.option("--think", metavar="recorded|none|2s", help="Closed loop: pause between answer and next request."),
        click.option("--catch-up", metavar="burst|stretch|skip=1s", help="What late requests do [default: burst]."),
        click.option(
            "--amplify", type=click.IntRange(1, MOST_COPIES), default=1, help="Play so many times the sessions."
        ),
        click.option(
            "--amplify-start",
            type=click.Choice(["spread", "together"]),
            default="spread",
            show_default=True,
            help="When copies begin.",
        ),
        click.option("--weight", "weights", multiple=True, metavar="TENANT=N", help="One tenant N times as heavy."),
        click.option("--shape", "shapes", multiple=True, metavar="NAME=N", help="burst, hot or pages (docs/load.md)."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def of_pace(options: dict[str, Any], configured: PaceWords) -> dict[str, Any]:
    """The fields of a run's request that these options, or else the configuration, set. Raises UsageError."""
    names = ("speed", "rate", "ramp", "sessions", "think", "catch_up")
    shapes = shapes_for(options["amplify"], options["amplify_start"], options["weights"], options["shapes"])
    words = with_chosen(configured, PaceWords(**{name: options[name] for name in names}))
    return {"pace": words, "shapes": shapes}
