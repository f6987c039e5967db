"""replay.toml: the only room that knows TOML for runs. Everything else takes plain typed arguments."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from replay.baseline.gates import Gate
from replay.compose.config_gates import TABLE as GATES_TABLE
from replay.compose.config_gates import parse_gates
from replay.compose.config_identities import Configured, read_identities, read_servers
from replay.compose.config_pace import TABLE as PACE_TABLE
from replay.compose.config_pace import parse_pace
from replay.compose.config_safety import TABLES as SAFETY_TABLES
from replay.compose.config_safety import Safety, parse_safety
from replay.compose.config_target import TABLE as TARGET_TABLE
from replay.compose.config_target import parse_target
from replay.compose.units import printable
from replay.engine.settings import RunSettings
from replay.model.errors import ConfigError
from replay.pace.builtin import PaceWords
from replay.wire.options import WireOptions

DEFAULT_NAME = "replay.toml"
_OWN_TABLES = ("run", "mutators", "oracles", "redact", "record", "identity", "identities")
TABLES = (*_OWN_TABLES, PACE_TABLE, TARGET_TABLE, GATES_TABLE, *SAFETY_TABLES)


@dataclass(frozen=True, slots=True)
class Config:
    """`run` holds only the keys that the file sets; mutators and oracles map a unit's name to its fields."""

    run: dict[str, Any] = field(default_factory=dict)
    mutators: dict[str, dict[str, Any]] = field(default_factory=dict)
    oracles: dict[str, dict[str, Any]] = field(default_factory=dict)
    safety: Safety = Safety()
    target: WireOptions = WireOptions()
    pace: PaceWords = PaceWords()
    gates: tuple[Gate, ...] = ()
    identity: tuple[Path, Any] | None = field(default=None, repr=False)  # the file, and its [[identity]] tables
    identity_servers: tuple[str, ...] = ()  # other servers than the target that identities may name; empty: any

    def identities(self, environ: Mapping[str, str]) -> Configured:
        """Secrets are read now. Raises ConfigError."""
        if self.identity is None:
            return Configured()
        return replace(read_identities(*self.identity, environ), servers=self.identity_servers)

    def settings(self, **chosen: Any) -> RunSettings:
        """Defaults, then the file, then what the command line chose (None: not chosen)."""
        given = {key: value for key, value in chosen.items() if value is not None}
        return replace(RunSettings(), **{**self.run, **given})


def load_config(path: Path | None, folder: Path) -> Config:
    """The named file; else `replay.toml` in `folder` when there is one; else the defaults. Raises ConfigError."""
    if path is None:
        path = folder / DEFAULT_NAME
        if not path.is_file():
            return Config()
    try:
        return parse_config(path.read_bytes(), path)
    except OSError:
        raise ConfigError(f"{path} cannot be read: name an existing configuration file.") from None


def parse_config(data: bytes, path: Path) -> Config:
    """`path` only names the file in messages. Raises ConfigError."""
    try:
        tables = tomllib.loads(data.decode())
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text.") from None
    except tomllib.TOMLDecodeError as error:
        where = str(error).rpartition("(")[2].rstrip(")") or "unknown place"
        raise ConfigError(f"{path} is not valid TOML ({where}).") from None
    for name, table in tables.items():
        if name not in TABLES:
            raise ConfigError(f"{path}: [{printable(name)}] is unknown. There are: {', '.join(TABLES)}.")
        if not isinstance(table, dict) and name != "identity":  # whose tables are a list
            raise ConfigError(f"{path}: `{printable(name)}` must be a table.")
    return Config(
        run=_run_table(path, tables.get("run", {})),
        mutators=_units(path, "mutators", tables.get("mutators", {})),
        oracles=_units(path, "oracles", tables.get("oracles", {})),
        safety=parse_safety(path, tables),
        target=parse_target(path, tables.get(TARGET_TABLE, {})),
        pace=parse_pace(path, tables.get(PACE_TABLE, {})),
        gates=parse_gates(path, tables.get(GATES_TABLE, {})),
        identity=(path, tables["identity"]) if "identity" in tables else None,
        identity_servers=read_servers(path, tables.get("identities", {})),
    )


def _run_table(path: Path, table: dict[str, Any]) -> dict[str, Any]:
    kinds = {one.name: one for one in fields(RunSettings)}
    for key, value in table.items():
        if key not in kinds:
            raise ConfigError(f"{path}: [run] {printable(key)} is unknown. There are: {', '.join(sorted(kinds))}.")
        wants_whole = "int" in str(kinds[key].type) and "float" not in str(kinds[key].type)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or value < 0 or (wants_whole and not isinstance(value, int)):
            kind = "a whole number" if wants_whole else "a number"
            raise ConfigError(f"{path}: [run] {key} takes {kind}, 0 or more.")
    return dict(table)


def _units(path: Path, kind: str, table: dict[str, Any]) -> dict[str, dict[str, Any]]:
    for name, content in table.items():
        if not isinstance(content, dict):
            raise ConfigError(f"{path}: [{kind}] {printable(name)} must be a table: [{kind}.{printable(name)}].")
    return table
