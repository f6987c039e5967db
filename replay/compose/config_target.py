"""How a run talks to its target, from `replay.toml`'s [target] table and the command line.

Rule: the command line wins key by key; paths of the file are relative to the folder that a command runs in, as
everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from replay.compose.units import printable
from replay.model.errors import ConfigError
from replay.wire.options import Connections, Lane, WireOptions

TABLE = "target"
_PATHS = ("ca", "client_cert", "client_key")
_SECONDS = ("connect_timeout_seconds", "first_byte_timeout_seconds")
_WORDS: dict[str, type[StrEnum]] = {"connections": Connections, "lane": Lane}
_FLAGS = ("insecure", "websockets")
_KEYS = (*_WORDS, "pool", *_SECONDS, *_PATHS, "sni", "insecure", "websockets")


def parse_target(path: Path, table: Mapping[str, Any]) -> WireOptions:
    """`path` only names the file in messages. Raises ConfigError."""
    chosen: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _KEYS:
            raise ConfigError(f"{path}: [target] {printable(key)} is unknown. There are: {', '.join(_KEYS)}.")
        taken = _taken(key, value)
        if taken is None:
            raise ConfigError(f"{path}: [target] {key} takes {_wanted(key)}.")
        chosen[key] = taken
    if "client_key" in chosen and "client_cert" not in chosen:
        raise ConfigError(f"{path}: [target] client_key is the key of client_cert, which is missing.")
    return WireOptions(**chosen)


def with_chosen(options: WireOptions, chosen: Mapping[str, Any]) -> WireOptions:
    """The file's options, then what the command line chose (None: not chosen)."""
    given = {key: value for key, value in chosen.items() if value is not None}
    if "client_cert" in given:  # a key belongs to its certificate
        given.setdefault("client_key", None)
    return replace(options, **given)


def _taken(key: str, value: Any) -> Any:
    """The value as the options hold it; None when it is of another kind."""
    if key in _WORDS:
        words: type[StrEnum] = _WORDS[key]
        return words(value) if value in list(words) else None
    if key in _FLAGS:
        return value if isinstance(value, bool) else None
    if isinstance(value, bool):
        return None
    if key == "pool":
        return value if isinstance(value, int) and value >= 0 else None
    if key in _SECONDS:
        return float(value) if isinstance(value, int | float) and 0 < value < 1e6 else None
    if not isinstance(value, str) or not value:
        return None
    return Path(value) if key in _PATHS else value


def _wanted(key: str) -> str:
    if key in _WORDS:
        return " or ".join(f'"{word}"' for word in _WORDS[key])
    if key in _FLAGS:
        return "true or false"
    if key == "pool":
        return "a whole number, 0 or more"
    if key in _SECONDS:
        return "a number of seconds above 0"
    return "a file" if key in _PATHS else "a host name"
