"""The commands by name, each imported when it is asked for.

Rule: a recorder runs for months beside a service; it holds the memory of its own command only.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module

import click


class Shelf(MutableMapping[str, click.Command]):
    """What click wants of a group's commands. `NAME` is `NAME_command` in `replay.cli.NAME`, or `ROOM_NAME`."""

    def __init__(self, names: tuple[str, ...], room: str = "") -> None:
        self._room = f"{room}_" if room else ""
        self._found: dict[str, click.Command | None] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> click.Command:
        found = self._found[name]
        if found is None:
            found = getattr(import_module(f"replay.cli.{self._room}{name}"), f"{name}_command")
            self._found[name] = found
        return found

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._found[name] = command

    def __delitem__(self, name: str) -> None:
        del self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
