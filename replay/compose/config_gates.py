"""Gates out of `replay.toml`: [gates] for every endpoint, [[gates.endpoint]] for one.

[gates]                     [[gates.endpoint]]
p95 = "within 10%"          endpoint = "POST /api/orders"
error_rate = "< 0.5%"       rows = "<= 3"
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replay.baseline.gates import METRICS, RELATIVE, Gate, gate_of
from replay.compose.units import printable
from replay.model.errors import ConfigError

TABLE = "gates"


def parse_gates(path: Path, table: Mapping[str, Any]) -> tuple[Gate, ...]:
    """`path` only names the file in messages. Raises ConfigError."""
    own = table.get("endpoint", [])
    if not isinstance(own, list) or not all(isinstance(one, dict) for one in own):
        raise ConfigError(f"{path}: [gates] endpoint takes tables: write [[gates.endpoint]].")
    found = _gates(path, "[gates]", {key: value for key, value in table.items() if key != "endpoint"}, "")
    for one in own:
        name = one.get("endpoint")
        if not isinstance(name, str) or not name:
            raise ConfigError(f'{path}: a [[gates.endpoint]] needs endpoint = "GET /path/{{id}}", as reports name it.')
        rest = {key: value for key, value in one.items() if key != "endpoint"}
        found += _gates(path, "[[gates.endpoint]]", rest, name)
    return tuple(found)


def _gates(path: Path, where: str, table: Mapping[str, Any], endpoint: str) -> list[Gate]:
    found = []
    for metric, words in table.items():
        if metric not in METRICS:
            raise ConfigError(f"{path}: {where} {printable(metric)} is unknown. There are: {', '.join(METRICS)}.")
        gate = gate_of(metric, words, endpoint) if isinstance(words, str) else None
        if gate is None:
            raise ConfigError(f"{path}: {where} {metric} takes {_allowed(metric)}.")
        found.append(gate)
    return found


def _allowed(metric: str) -> str:
    examples = {"error_rate": '"< 0.5%"', "rows": '"<= 3"', "bytes": '"<= 20000"'}
    limit = examples.get(metric, '"< 300ms"')
    return f'"within 10%" or {limit}' if metric in RELATIVE else limit
