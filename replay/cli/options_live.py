"""What a run stores of the target's answers: stand-ins, unless somebody says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from replay.compose.config import DEFAULT_NAME
from replay.compose.live_values import live_settings

Command = TypeVar("Command", bound=Callable[..., Any])


def live_options(command: Command) -> Command:
    """`--keep-live-values`."""
    return click.option(
        "--keep-live-values",
        is_flag=True,
        help="Store what the target answers as it is: personal data and live tokens too.",
    )(command)


def of_live(options: dict[str, Any]) -> dict[str, Any]:
    """The fields of a run's request that these options set. Raises ConfigError."""
    keep = bool(options["keep_live_values"])
    if keep:
        return {"keep_live_values": True}
    return {"redaction": live_settings(options["config_path"], Path.cwd(), DEFAULT_NAME)}
