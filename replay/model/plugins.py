"""Units that other distributions add: entry points by group.

    [project.entry-points."replay.mutators"]
    reorder = "acme_replay:Reorder"

| group | an entry is |
|---|---|
| replay.mutators, replay.oracles, replay.redactors | a class that can be made without arguments |
| replay.probes | named like a URL scheme; a callable from the database URL to a Probe |
| replay.reporters | named like a format; a callable from a RunView to bytes |
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from replay.model.errors import ConfigError


def load_plugins(group: str) -> dict[str, Any]:
    """Name -> what the entry point names, in the order of their names. Raises ConfigError for one that fails."""
    found: dict[str, Any] = {}
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        try:
            found[point.name] = point.load()
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises is the plugin's
            raise ConfigError(_failed(point.name, group, error)) from None
    return found


def make_plugins(group: str) -> tuple[Any, ...]:
    """One unit of every class in the group, made with its defaults."""
    made = []
    for name, unit in load_plugins(group).items():
        try:
            made.append(unit())
        except Exception as error:  # noqa: BLE001 - as above
            raise ConfigError(_failed(name, group, error)) from None
    return tuple(made)


def _failed(name: str, group: str, error: Exception) -> str:
    return f"The plugin `{name}` of {group} does not load ({type(error).__name__}): mend or remove it."
