"""The noise file: learned and accepted rules as TOML, to be reviewed, kept beside the code and compared line by line.

Rule: it names endpoints and places, never a value; the same rules give the same bytes.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from replay.diff.experience import Experience, KnownRule, Origin
from replay.model.difference import NoiseRule, Relation
from replay.model.errors import ConfigError

_HEAD = "# Noise of clean replays: see docs/noise.md. Only rules with `accepted = true` change what a run finds.\n"
_KEYS: Mapping[str, tuple[type, ...]] = {
    "endpoint": (str,), "place": (str,), "relation": (str,), "limit": (int, float), "pairs": (int,),
    "differing": (int,), "runs": (int,), "equal_runs": (int,), "origin": (str,), "accepted": (bool,), "reason": (str,),
}  # fmt: skip
_LEFT_OUT: Mapping[str, Callable[[Any], bool]] = {
    "limit": lambda value: not value,
    "equal_runs": lambda value: not value,
    "accepted": lambda value: not value,
    "reason": lambda value: not value,
    "origin": lambda value: value == str(Origin.LEARNED),
}


def read_noise(path: Path) -> Experience:
    """Raises ConfigError, which names the file and the rule's number, never what stands in it."""
    try:
        tables = tomllib.loads(path.read_bytes().decode())
    except OSError:
        raise ConfigError(f"{path} cannot be read: name a noise file, `replay noise learn` writes one.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise ConfigError(f"{path} is not valid TOML: `replay noise learn` writes it anew.") from None
    version, listed = tables.get("version"), tables.get("rule", [])
    if not isinstance(version, int) or not isinstance(listed, list) or tables.keys() - {"version", "rule"}:
        raise ConfigError(f"{path} is no noise file: it needs `version` and [[rule]] tables, and nothing else.")
    return Experience(version, tuple(_rule(path, number, one) for number, one in enumerate(listed, 1)))


def write_noise(path: Path, experience: Experience) -> None:
    """Replaces the file. Raises ConfigError when it cannot be written."""
    text = _HEAD + f"version = {experience.version}\n" + "".join(map(_table, experience.rules))
    try:
        path.write_text(text, "utf-8")
    except OSError:
        raise ConfigError(f"{path} cannot be written: name a file in an existing folder.") from None


def _rule(path: Path, number: int, table: Any) -> KnownRule:
    where = f"{path}: rule {number}"
    if not isinstance(table, dict) or not {"endpoint", "place", "relation"} <= table.keys():
        raise ConfigError(f"{where} needs an endpoint, a place and a relation.")
    for key, value in table.items():
        if key not in _KEYS or not isinstance(value, _KEYS[key]) or (isinstance(value, bool) and key != "accepted"):
            raise ConfigError(f"{where} has a setting that no rule has, or of another type: see docs/noise.md.")
    try:
        relation, origin = Relation(table["relation"]), Origin(table.get("origin", Origin.LEARNED))
    except ValueError:
        raise ConfigError(f"{where}: a relation is one of {', '.join(Relation)}.") from None
    counts = (table.get("pairs", 0), table.get("differing", 0))
    rule = NoiseRule(table["endpoint"], table["place"], relation, *counts, float(table.get("limit", 0.0)))
    runs, equal_runs = table.get("runs", 0), table.get("equal_runs", 0)
    return KnownRule(rule, runs, equal_runs, origin, table.get("accepted", False), table.get("reason", ""))


def _table(known: KnownRule) -> str:
    rule = known.rule
    values: dict[str, str | float] = {
        "endpoint": rule.endpoint, "place": rule.place, "relation": str(rule.relation), "limit": rule.limit,
        "pairs": rule.pairs, "differing": rule.differing, "runs": known.runs, "equal_runs": known.equal_runs,
        "origin": str(known.origin), "accepted": known.is_accepted, "reason": known.reason,
    }  # fmt: skip
    kept = {key: value for key, value in values.items() if key not in _LEFT_OUT or not _LEFT_OUT[key](value)}
    return "\n[[rule]]\n" + "".join(f"{key} = {_written(value)}\n" for key, value in kept.items())


def _written(value: str | float) -> str:
    """JSON's texts, numbers and truth are TOML's as well; a DEL, which JSON leaves as it is, is not."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
