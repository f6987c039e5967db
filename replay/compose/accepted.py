"""Findings that people have reviewed and live with, from a TOML file: each with a reason and the day on which it ends.

    [[accept]]
    fingerprint = "0efd836e3d0105ed"
    reason = "the catalogue is public, agreed with its owners"
    until = 2027-03-31

Rule: nothing is accepted for ever, without a reason, or by a pattern. After its last day a finding counts again.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from replay.compose.units import printable
from replay.model.errors import ConfigError
from replay.report.view import Accepted, RunView

_FIELDS = {"fingerprint": str, "reason": str, "until": date}
_LONGEST_DAYS = 366  # who wants to live with it for longer looks at it again


def read_accepted(path: Path) -> tuple[Accepted, ...]:
    """Raises ConfigError, which names the file and the entry."""
    try:
        tables = tomllib.loads(path.read_bytes().decode())
    except OSError:
        raise ConfigError(f"{path} cannot be read: name a file of accepted findings.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise ConfigError(f"{path} is no TOML file in UTF-8.") from None
    if set(tables) - {"accept"} or not isinstance(tables.get("accept", []), list):
        raise ConfigError(f"{path} may hold [[accept]] tables only.")
    found = tuple(_entry(path, number, one) for number, one in enumerate(tables.get("accept", []), 1))
    seen: set[str] = set()
    for one in found:
        if one.fingerprint in seen:
            raise ConfigError(f"{path} accepts {printable(one.fingerprint)} twice: keep one entry.")
        seen.add(one.fingerprint)
    return found


def with_accepted(view: RunView, accepted: tuple[Accepted, ...], now: float) -> RunView:
    """Accepted findings out of the findings and beside them; `now` is in seconds UTC.

    What is over, and what was not found any more, is told: the file shrinks as faults are mended.
    """
    today = datetime.fromtimestamp(now, UTC).date()
    valid = {one.fingerprint: one for one in accepted if today <= one.until}
    by_name = {one.fingerprint: one for one in view.findings}
    for one in valid.values():
        if (one.until - today).days > _LONGEST_DAYS:
            raise ConfigError(f"{printable(one.fingerprint)} is accepted until {one.until}: a year is the longest.")
    findings = tuple(one for one in view.findings if one.fingerprint not in valid)
    notes = tuple(
        replace(one, finding=by_name.get(one.fingerprint), is_over=one.fingerprint not in valid) for one in accepted
    )
    summary = replace(view.summary, findings=len(findings)) if view.summary else None
    return replace(view, findings=findings, summary=summary, accepted=notes)


def _entry(path: Path, number: int, table: Any) -> Accepted:
    where = f"{path}, [[accept]] number {number},"
    if not isinstance(table, Mapping) or set(table) != set(_FIELDS):
        raise ConfigError(f"{where} needs fingerprint, reason and until, and nothing else.")
    for name, kind in _FIELDS.items():
        if type(table[name]) is not kind or not table[name]:
            what = "a date such as 2027-03-31" if kind is date else "a text"
            raise ConfigError(f"{where} needs {what} for {name}.")
    return Accepted(table["fingerprint"], table["reason"], table["until"])
