"""What keeps the target safe, from `replay.toml`: [safety], [budget], [adaptive], [reset] and [cleanup].

Rule: everything is checked before anything is sent, and a value that may be a secret is named, never quoted.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from replay.compose.units import printable
from replay.engine.cleanup import Cleanup
from replay.engine.hooks import Reset
from replay.model.errors import ConfigError, UsageError
from replay.pace.budget import Budget
from replay.pace.governor_adaptive import Adaptive, Load
from replay.pace.governor_breaker import Breaker
from replay.probe.reset_sql import require_near
from replay.wire.tags import RUN_HEADER

TABLES = ("safety", "budget", "adaptive", "reset", "cleanup")
_NAME_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"  # RFC 9110 section 5.6.2


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value is that does not stand in the file: `{ env = "NAME" }` or `{ file = "PATH" }`."""

    kind: str
    name: str
    where: str  # of the file: what a message may say

    def read(self) -> str:
        """The value without white space around it. Raises ConfigError that never quotes it."""
        if self.kind == "env":
            value = os.environ.get(self.name, "").strip()
            if not value:
                raise ConfigError(f"{self.where} names the variable {printable(self.name)}, which is not set.")
            return value
        try:
            value = Path(self.name).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            value = ""
        if not value:
            raise ConfigError(f"{self.where} names a file that cannot be read, or is empty.")
        return value


@dataclass(frozen=True, slots=True)
class Safety:
    """Defaults suit a QA on this machine; outside of it nothing is written before somebody says so."""

    targets: tuple[str, ...] = ()  # empty: any that is named
    allow_public_target: bool = False
    allow_writes: bool = False
    handshake: bool = False
    handshake_source: Source | None = None
    handshake_token: str = field(default="", repr=False)  # of `resolved`
    run_header: str = RUN_HEADER
    traceparent: bool = True
    user_agent_suffix: str = ""
    breaker_failures: int = 50  # 0: no breaker
    budget: Budget = Budget()
    adaptive: bool = False
    load: Load = Load()
    reset: Reset = Reset()
    cleanup: Cleanup = Cleanup()
    tag_headers: tuple[tuple[str, str | Source], ...] = field(default=(), repr=False)  # of the cleanup's request

    is_alone: bool = True  # no other worker of the same run makes rows

    def governed(self) -> Adaptive | None:
        """The adaptive governor of one run, when it is wanted."""
        if not self.adaptive:
            return None
        most = self.budget.requests_per_second or math.inf
        return Adaptive(replace(self.load, ceiling=min(self.load.ceiling, most)))

    def breaker(self) -> Breaker | None:
        return Breaker(self.breaker_failures) if self.breaker_failures else None

    def chosen(self, options: Mapping[str, Any]) -> Safety:
        """What the command line says goes before the file; None and False there: not said."""
        said = {name: value for name, value in options.items() if value}
        budget = replace(self.budget, **{name: said[name] for name in _BUDGET if name in said})
        return replace(
            self,
            budget=budget,
            allow_public_target=self.allow_public_target or "allow_public_target" in said,
            allow_writes=self.allow_writes or "allow_writes" in said,
            adaptive=self.adaptive or "adaptive" in said,
            cleanup=replace(self.cleanup, is_wanted=self.cleanup.is_wanted or "cleanup" in said),
        )

    def share(self, number: int, parts: int) -> Safety:
        """Of worker `number` (from 0): together the workers may what one may. Who starts them has reset the target."""
        rates = (self.load.start, self.load.ceiling, self.load.floor)
        start, ceiling, floor = (rate / parts for rate in rates)
        load = replace(self.load, start=start, ceiling=ceiling, floor=floor)
        return replace(self, budget=self.budget.share(number, parts), load=load, reset=Reset(), is_alone=False)

    def resolved(self) -> Safety:
        """With secrets and scripts read in; only a run needs them. Raises ConfigError."""
        cleanup, reset = self.cleanup, self.reset
        headers = tuple((name, value if isinstance(value, str) else value.read()) for name, value in self.tag_headers)
        if reset.script:
            reset = replace(reset, script=Source("file", reset.script, "[reset] sql").read())
            try:
                require_near(reset.database)
            except UsageError as error:
                raise ConfigError(f"replay.toml: {error}") from None
        token = self.handshake_source.read() if self.handshake_source else ""
        if self.handshake and not token:
            raise ConfigError('replay.toml: [safety] handshake needs handshake_token = { env = "NAME" } or a file.')
        return replace(self, handshake_token=token, reset=reset, cleanup=replace(cleanup, headers=headers))


_BOOL, _TEXT, _TEXTS, _WHOLE, _NUMBER, _TABLE = (
    "true or false", "a text", "a list of texts", "a whole number above 0", "a number above 0", "a table",
)  # fmt: skip
_SAFETY = {
    "targets": _TEXTS, "allow_public_target": _BOOL, "allow_writes": _BOOL, "handshake": _BOOL,
    "handshake_token": _TABLE, "run_header": _TEXT, "traceparent": _BOOL, "user_agent_suffix": _TEXT,
    "breaker_failures": "a whole number",
}  # fmt: skip
_BUDGET = {
    "requests": _WHOLE, "writes": _WHOLE, "bytes": _WHOLE, "seconds": _NUMBER, "rows": _WHOLE,
    "accounts_per_minute": _WHOLE, "requests_per_second": _NUMBER, "concurrency": _WHOLE,
}  # fmt: skip
_ADAPTIVE = {
    "enabled": _BOOL, "start": _NUMBER, "floor": _NUMBER, "ceiling": _NUMBER, "p95_seconds": _NUMBER,
    "error_share": _NUMBER,
}  # fmt: skip
_RESET = {
    "mode": _TEXT, "command": _TEXTS, "sql": _TEXT, "database": _TEXT, "timeout_seconds": _NUMBER, "between": _BOOL,
}  # fmt: skip
_CLEANUP = {"enabled": _BOOL, "request": _TABLE}


def parse_safety(path: Path, tables: Mapping[str, Any]) -> Safety:
    """`tables` is the whole file; `path` only names it in messages. Raises ConfigError."""
    safety = _checked(path, "safety", tables, _SAFETY)
    adaptive = _checked(path, "adaptive", tables, _ADAPTIVE)
    load = Load(**{name: float(value) for name, value in adaptive.items() if name != "enabled"})
    if load.error_share > 1:
        raise ConfigError(f"{path}: [adaptive] error_share takes a number above 0, 1 at most.")
    for name in ("run_header", "user_agent_suffix"):
        if not _is_sendable(name, safety.get(name, "")):
            raise ConfigError(f"{path}: [safety] {name} holds a character that no header may hold.")
    token = safety.pop("handshake_token", None)
    cleanup = _checked(path, "cleanup", tables, _CLEANUP)
    return Safety(
        **{**safety, "targets": tuple(safety.get("targets", ()))},
        handshake_source=_source(path, "[safety] handshake_token", token) if token is not None else None,
        budget=Budget(**_checked(path, "budget", tables, _BUDGET)),
        adaptive=adaptive.get("enabled", False),
        load=load,
        reset=_reset(path, _checked(path, "reset", tables, _RESET)),
        cleanup=_cleanup(path, cleanup),
        tag_headers=_tag_headers(path, cleanup),
    )


def _checked(path: Path, table: str, tables: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = dict(tables.get(table, {}))
    for key, value in given.items():
        if key not in kinds:
            raise ConfigError(f"{path}: [{table}] {printable(key)} is unknown. There are: {', '.join(sorted(kinds))}.")
        if not _fits(kinds[key], value):
            raise ConfigError(f"{path}: [{table}] {key} takes {kinds[key]}.")
    return given


def _fits(kind: str, value: object) -> bool:
    if kind == _BOOL:
        return isinstance(value, bool)
    if kind == _TEXT:
        return isinstance(value, str)
    if kind == _TEXTS:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind == _TABLE:
        return isinstance(value, dict)
    if isinstance(value, bool):
        return False
    if kind == _NUMBER:
        return isinstance(value, int | float) and 0 < value < math.inf
    return isinstance(value, int) and value >= (0 if kind == "a whole number" else 1)


def _reset(path: Path, table: dict[str, Any]) -> Reset:
    ways = [name for name in ("command", "sql") if table.get(name)]
    mode = table.get("mode", ways[0] if ways else "fresh")
    if mode not in {"command", "sql", "fresh"} or ways not in ([mode], [] if mode == "fresh" else [mode]):
        raise ConfigError(
            f'{path}: [reset] takes one way: command = ["…"], sql = "FILE" with database, or mode = "fresh".'
        )
    settled = Reset(timeout_seconds=float(table.get("timeout_seconds", 60.0)), between=table.get("between", False))
    if mode == "command":
        return replace(settled, command=tuple(table["command"]))
    if mode == "fresh":
        return settled
    return replace(settled, script=str(path.parent / table["sql"]), database=table.get("database", ""))


def _cleanup(path: Path, table: dict[str, Any]) -> Cleanup:
    wanted = table.get("enabled", "request" in table)
    request = table.get("request")
    if request is None:
        return Cleanup(wanted)
    method, where, headers = request.get("method", "DELETE"), request.get("path", ""), request.get("headers", {})
    is_plain = isinstance(method, str) and isinstance(where, str) and isinstance(headers, dict)
    if not is_plain or not set(request) <= {"method", "path", "headers"} or not where.startswith("/"):
        raise ConfigError(f'{path}: [cleanup] request takes method, path (from "/" on) and headers.')
    return Cleanup(wanted, method.upper(), where)


def _tag_headers(path: Path, table: dict[str, Any]) -> tuple[tuple[str, str | Source], ...]:
    fields: list[tuple[str, str | Source]] = []
    for name, value in table.get("request", {}).get("headers", {}).items():
        where = f"[cleanup] request.headers.{printable(name)}"
        if not name or not _is_sendable("run_header", name) or (isinstance(value, str) and not _is_sendable("", value)):
            raise ConfigError(f"{path}: {where} cannot be sent as a header.")
        fields.append((name, value if isinstance(value, str) else _source(path, where, value)))
    return tuple(fields)


def _source(path: Path, where: str, given: object) -> Source:
    if isinstance(given, dict) and len(given) == 1:
        kind, name = next(iter(given.items()))
        if kind in {"env", "file"} and isinstance(name, str) and name:
            return Source(kind, str(path.parent / name) if kind == "file" else name, f"{path}: {where}")
    raise ConfigError(f'{path}: {where} takes {{ env = "NAME" }} or {{ file = "PATH" }}.')


def _is_sendable(name: str, text: str) -> bool:
    if name == "run_header":
        return all(char in _NAME_CHARS for char in text)
    return all(" " <= char <= "~" for char in text)
