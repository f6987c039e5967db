"""The recorder's part of `replay.toml`: what redaction may keep, and how much is queued.

    [redact]
    keep = [{place = "body.items[*].title", endpoint = "GET /courses", reason = "public catalogue"}]

    [record]
    queue_mb = 32      # memory for exchanges on their way to the writer
    body_kb = 1024     # longer bodies are cut

Rule: an unknown key is an error that names the valid ones; other tables belong to other rooms and pass by.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.model.errors import ConfigError

_REDACT_KEYS = ("keep",)
_RECORD_KEYS = ("queue_mb", "body_kb")
_KEEP_KEYS = ("place", "reason", "endpoint")
_KEEP_REQUIRED = ("place", "reason")  # without an endpoint the rule holds at all of them

KeepText = tuple[str, str, str]
"""Place, reason and endpoint (or an empty text) of a kept field, as written."""


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """None: the file says nothing, the option's value counts."""

    keeps: tuple[KeepText, ...] = ()
    queue_mb: int | None = None
    body_kb: int | None = None


def load_settings(path: Path) -> RecordSettings:
    """Raises ConfigError with one sentence."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    return parse_settings(document, str(path))


def parse_settings(document: dict[str, Any], where: str) -> RecordSettings:
    """`where` names the document in messages."""
    redact = _table(document, "redact", _REDACT_KEYS, where)
    record = _table(document, "record", _RECORD_KEYS, where)
    return RecordSettings(
        keeps=_keeps(redact.get("keep", []), where),
        queue_mb=_positive(record, "queue_mb", where),
        body_kb=_positive(record, "body_kb", where),
    )


def _table(document: dict[str, Any], name: str, keys: tuple[str, ...], where: str) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: [{name}] must be a table")
    _check_keys(table, keys, f"{where}: [{name}]")
    return table


def _keeps(entries: Any, where: str) -> tuple[KeepText, ...]:
    if not isinstance(entries, list):
        raise ConfigError(f"{where}: [redact] keep must be a list of tables")
    out = []
    for i, entry in enumerate(entries, 1):
        place = f"{where}: [redact] keep entry {i}"
        if not isinstance(entry, dict):
            raise ConfigError(f"{place} must be a table with {', '.join(_KEEP_KEYS)}")
        _check_keys(entry, _KEEP_KEYS, place)
        for key in _KEEP_REQUIRED:
            if not (isinstance(entry.get(key), str) and entry[key].strip()):
                raise ConfigError(f"{place} needs {key}, a text that is not empty")
        endpoint = entry.get("endpoint", "")
        if not isinstance(endpoint, str):
            raise ConfigError(f"{place}: endpoint must be a text such as GET /courses/{{id}}")
        out.append((entry["place"], entry["reason"], endpoint))
    return tuple(out)


def _positive(table: dict[str, Any], key: str, where: str) -> int | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f"{where}: [record] {key} must be a whole number above 0")
    return value


def _check_keys(table: dict[str, Any], keys: tuple[str, ...], place: str) -> None:
    unknown = sorted(set(table) - set(keys))
    if unknown:
        raise ConfigError(f"{place} has an unknown key {unknown[0]!r}; valid: {', '.join(keys)}")
