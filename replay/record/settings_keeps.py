"""The `keep` entries of a redaction policy as plain data, checked: what can never match is an error."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from replay.model.errors import ConfigError
from replay.redact.keep_places import check_keep, check_keeps_against_rules, check_keeps_against_schema
from replay.redact.route_patterns import RoutePattern
from replay.redact.rules import Rule

KeepText = tuple[str, str, str]
"""Place, reason, endpoint."""

_KEYS = ("place", "endpoint", "reason")
_REQUIRED = ("place", "reason")


def parse_keeps(entries: Any, prefix: str) -> tuple[KeepText, ...]:
    """`prefix` names the file and the table. Raises ConfigError."""
    if not isinstance(entries, list):
        raise ConfigError(f"{prefix} keep must be a list of tables")
    return tuple(_keep(entry, source_of(prefix, i)) for i, entry in enumerate(entries))


def check_keeps(
    keeps: Sequence[KeepText],
    prefix: str,
    rules: tuple[Rule, ...],
    routes: Sequence[RoutePattern] | None,
    names: Collection[str] | None,
) -> None:
    """By what else the policy says; `routes` and `names` are the schema's, None without one. Raises ConfigError."""
    sources = [source_of(prefix, i) for i in range(len(keeps))]
    check_keeps_against_rules(((source, keep[0]) for source, keep in zip(sources, keeps, strict=True)), rules)
    if routes is not None:
        told = ((source, keep[0], keep[2]) for source, keep in zip(sources, keeps, strict=True))
        check_keeps_against_schema(told, routes, names)


def source_of(prefix: str, index: int) -> str:
    """As messages name an entry; they count from 1."""
    return f"{prefix} keep entry {index + 1}"


def _keep(entry: Any, source: str) -> KeepText:
    if not isinstance(entry, dict):
        raise ConfigError(f"{source} must be a table with {', '.join(_KEYS)}")
    unknown = sorted(set(entry) - set(_KEYS))
    if unknown:
        raise ConfigError(f"{source} has an unknown key {unknown[0]!r:.60}; valid: {', '.join(_KEYS)}")
    for key in _REQUIRED:
        if not (isinstance(entry.get(key), str) and entry[key].strip()):
            raise ConfigError(f"{source} needs {key}, a text that is not empty")
    endpoint = entry.get("endpoint", "")
    if not isinstance(endpoint, str):
        raise ConfigError(f"{source}: endpoint must be a text such as GET /courses/{{id}}")
    check_keep(source, entry["place"], endpoint)
    return entry["place"], entry["reason"], endpoint
