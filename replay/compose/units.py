"""Which mutators, oracles and reporters there are: the built-in tuples, then whatever entry points add.

A unit's fields are its configuration: `[mutators.duplicate] copies = 3`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, TypeVar

from replay.model.errors import ConfigError, UsageError
from replay.mutate import builtin as mutators
from replay.mutate.contract import Mutator
from replay.oracle import builtin as oracles
from replay.oracle.contract import Oracle

Unit = TypeVar("Unit", Mutator, Oracle)
Tables = Mapping[str, Mapping[str, Any]]


def all_mutators(tables: Tables) -> tuple[Mutator, ...]:
    return _configured("mutators", _with_plugins(mutators.BUILTIN, "replay.mutators"), tables)


def all_oracles(tables: Tables) -> tuple[Oracle, ...]:
    return _configured("oracles", _with_plugins(oracles.BUILTIN, "replay.oracles"), tables)


def pick(units: Sequence[Mutator], names: Iterable[str]) -> tuple[Mutator, ...]:
    """Those that were asked for, in the order of the tuple. Raises UsageError that names the valid ones."""
    wanted = [name.strip() for name in names if name.strip()]
    known = {unit.name for unit in units}
    for name in wanted:
        if name not in known:
            raise UsageError(f"There is no mutator `{printable(name)}`. There are: {', '.join(sorted(known))}.")
    return tuple(unit for unit in units if unit.name in wanted)


def printable(name: str) -> str:
    """A word from a user's file or command line, safe to print and short."""
    return "".join(char if char.isprintable() else "?" for char in name)[:60]


def _with_plugins(builtin: Sequence[type[Unit]], group: str) -> tuple[Unit, ...]:
    """Every class made with its defaults; entry points name a class too. Raises ConfigError for one that fails."""
    units = [made() for made in builtin]
    for point in entry_points(group=group):
        try:
            units.append(point.load()())
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises is the plugin's
            kind = type(error).__name__
            raise ConfigError(
                f"The plugin `{point.name}` of {group} does not load ({kind}): mend or remove it."
            ) from None
    return tuple(units)


def _configured(kind: str, units: tuple[Unit, ...], tables: Tables) -> tuple[Unit, ...]:
    known = {unit.name for unit in units}
    for name in tables:
        if name not in known:
            raise ConfigError(
                f"replay.toml: [{kind}.{printable(name)}] names no unit. There are: {', '.join(sorted(known))}."
            )
    return tuple(_with_fields(kind, unit, tables.get(unit.name, {})) for unit in units)


def _with_fields(kind: str, unit: Unit, table: Mapping[str, Any]) -> Unit:
    if not table:
        return unit
    is_plain = dataclasses.is_dataclass(unit) and not isinstance(unit, type)
    fields = {field.name: field for field in dataclasses.fields(unit)} if is_plain else {}  # type: ignore[arg-type]
    for key, value in table.items():
        where = f"replay.toml: [{kind}.{unit.name}] {printable(key)}"
        if key not in fields:
            names = ", ".join(sorted(fields)) or "none"
            raise ConfigError(f"{where} is no setting of this unit. Its settings: {names}.")
        wanted = type(getattr(unit, key))
        if isinstance(value, bool) is not (wanted is bool) or not isinstance(value, wanted):
            raise ConfigError(f"{where} takes {wanted.__name__}.")
    return dataclasses.replace(unit, **table)  # type: ignore[type-var]
