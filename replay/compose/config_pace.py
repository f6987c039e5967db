"""When requests go out, from `replay.toml`'s [pace] table and the command line.

Rule: a plan on the command line takes the place of the file's plan as a whole; half of one and half of the other would
be a plan that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from replay.compose.units import printable
from replay.model.errors import ConfigError, UsageError
from replay.pace.builtin import PaceWords, plan_for

TABLE = "pace"
_KEYS = ("speed", "rate", "ramp", "sessions", "think", "catch_up")


def parse_pace(path: Path, table: Mapping[str, Any]) -> PaceWords:
    """`path` only names the file in messages. Raises ConfigError."""
    for key, value in table.items():
        if key not in _KEYS:
            raise ConfigError(f"{path}: [pace] {printable(key)} is unknown. There are: {', '.join(_KEYS)}.")
        if key == "sessions" and not (isinstance(value, int) and not isinstance(value, bool) and value > 0):
            raise ConfigError(f"{path}: [pace] sessions takes a whole number above 0.")
        if key != "sessions" and not isinstance(value, str):
            raise ConfigError(f"{path}: [pace] {key} takes a text, as the option of that name does.")
    words = PaceWords(**table)
    try:
        plan_for(words)
    except UsageError as error:
        raise ConfigError(f"{path}: [pace] {error}") from None
    return words


def with_chosen(words: PaceWords, chosen: PaceWords) -> PaceWords:
    """The file's plan, unless the command line names one."""
    if replace(chosen, catch_up=None) != PaceWords():
        return chosen
    return replace(words, catch_up=chosen.catch_up or words.catch_up)
