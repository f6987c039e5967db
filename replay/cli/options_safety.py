"""Options that limit what a run may do to its target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
NAMES = (
    "allow_public_target", "allow_writes", "adaptive", "cleanup", "requests", "writes", "bytes", "seconds", "rows",
    "accounts_per_minute", "requests_per_second",
)  # fmt: skip
_COUNT = click.IntRange(1)


def safety_options(command: Command) -> Command:
    """Each says in a word what may happen; replay.toml knows the same under [safety] and [budget]."""
    options = (
        click.option("--allow-public-target", is_flag=True, help="Allow a target with a public address."),
        click.option("--allow-writes", is_flag=True, help="Outside this machine: send more than safe methods."),
        click.option("--adaptive", is_flag=True, help="Start slowly, rise, halve when the target complains."),
        click.option("--cleanup", is_flag=True, help="Delete what the run created, and tell what is left."),
        click.option("--max-requests", "requests", type=_COUNT, help="Send so many requests at most."),
        click.option("--max-writes", "writes", type=_COUNT, help="Send so many requests at most that may change data."),
        click.option("--max-bytes", "bytes", type=_COUNT, help="Nothing more after so many bytes, both ways."),
        click.option(
            "--max-seconds",
            "seconds",
            type=click.FloatRange(0, min_open=True),
            callback=_finite,
            help="Nothing more after so many.",
        ),
        click.option("--max-rows", "rows", type=_COUNT, help="Nothing more after so many changed rows (with --db)."),
        click.option("--max-accounts", "accounts_per_minute", type=_COUNT, help="Register so many a minute at most."),
        click.option(
            "--max-rate",
            "requests_per_second",
            type=click.FloatRange(0, min_open=True),
            callback=_finite,
            help="Requests a second at most, whatever the pace asks for.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def safety_of(options: dict[str, Any]) -> dict[str, Any]:
    """Those of a command's options that are about safety."""
    return {name: options.get(name) for name in NAMES}


def _finite(_: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """Refuses NaN and infinity, which pass every comparison of a range."""
    if value is not None and not 0 < value < 1e12:
        raise click.BadParameter("must be a number above 0", param=parameter)
    return value
