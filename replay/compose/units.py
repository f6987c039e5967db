"""Which units there are: the built-in tuples, then whatever entry points add (see `model.plugins`).

A unit's fields are its configuration: `[mutators.duplicate] copies = 3`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from replay.model.errors import ConfigError, UsageError
from replay.model.plugins import load_plugins, make_plugins
from replay.mutate import builtin as mutators
from replay.mutate.contract import Mutator
from replay.oracle import builtin as oracles
from replay.oracle.contract import Oracle
from replay.probe.builtin import PROBES, open_probe
from replay.probe.contract import Probe
from replay.report.builtin import FORMATS, Renderer

Unit = TypeVar("Unit", Mutator, Oracle)
Tables = Mapping[str, Mapping[str, Any]]


def all_mutators(tables: Tables) -> tuple[Mutator, ...]:
    return _configured("mutators", (*(made() for made in mutators.BUILTIN), *make_plugins("replay.mutators")), tables)


def all_oracles(tables: Tables) -> tuple[Oracle, ...]:
    return _configured("oracles", (*(made() for made in oracles.BUILTIN), *make_plugins("replay.oracles")), tables)


def all_formats() -> dict[str, Renderer]:
    """Report formats by name."""
    return {**FORMATS, **load_plugins("replay.reporters")}


def probe_for(url: str) -> Probe:
    """The probe of a database URL. Raises UsageError for a scheme that nobody reads."""
    return open_probe(url, (*PROBES, *(((name,), make) for name, make in load_plugins("replay.probes").items())))


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


def _configured(kind: str, units: tuple[Unit, ...], tables: Tables) -> tuple[Unit, ...]:
    known = {unit.name for unit in units}
    for name in tables:
        if name not in known:
            raise ConfigError(f"[{kind}.{printable(name)}] names no unit. There are: {', '.join(sorted(known))}.")
    return tuple(_with_fields(kind, unit, tables.get(unit.name, {})) for unit in units)


def _with_fields(kind: str, unit: Unit, table: Mapping[str, Any]) -> Unit:
    if not table:
        return unit
    is_plain = dataclasses.is_dataclass(unit) and not isinstance(unit, type)
    fields = {field.name for field in dataclasses.fields(unit)} if is_plain else set()  # type: ignore[arg-type] # is_plain has looked
    values = {}
    for key, value in table.items():
        where = f"[{kind}.{unit.name}] {printable(key)}"
        if key not in fields:
            names = ", ".join(sorted(fields)) or "none"
            raise ConfigError(f"{where} is no setting of this unit. Its settings: {names}.")
        values[key] = _fitting(where, value, getattr(unit, key))
    return dataclasses.replace(unit, **values)  # type: ignore[type-var] # it has fields, so it is a dataclass


_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", tuple: "a list of texts"}


def _fitting(where: str, value: Any, default: Any) -> Any:
    """The value in the type of the unit's default. Raises ConfigError when it does not fit."""
    wanted = type(default)
    if wanted is tuple and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, bool) is not (wanted is bool) or not isinstance(value, wanted):
        raise ConfigError(f"{where} takes {_KINDS.get(wanted, wanted.__name__)}.")
    return value
