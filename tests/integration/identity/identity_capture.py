"""Captures of production traffic whose logins nobody recorded: two companies, one note each, read back by its owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import jwt

from make import exchange
from make_capture import write_capture
from replay.compose.config import Config, parse_config
from replay.compose.runs import RunRequest
from replay.engine.settings import RunSettings
from replay.model.exchange import Exchange

PEOPLE = (("mallory.archer@north.example", "north-holding"), ("wren.oakley@south.example", "south-trading"))
Dress = Callable[[str, str], tuple[Mapping[str, str], str]]
"""(principal, tenant) -> headers and query of a production request."""


def production_jwt(principal: str, tenant: str) -> str:
    claims = {"sub": principal, "tid": tenant, "scope": "notes", "iat": 1_700_000_000, "exp": 1_700_000_900}
    return jwt.encode(claims, "the-secret-of-production-which-nobody-here-knows", "HS256", {"kid": "prod-7"})


def by_jwt(principal: str, tenant: str) -> tuple[Mapping[str, str], str]:
    return {"Authorization": f"Bearer {production_jwt(principal, tenant)}"}, ""


def notes_of(door: str, dress: Dress, tenant_header: bool = False) -> tuple[Exchange, ...]:
    """A note written and read by each of both, and its reader's `profile`."""
    out: list[Exchange] = []
    for n, (principal, tenant) in enumerate(PEOPLE):
        headers, query = dress(principal, tenant)
        fields = {**headers, **({"X-Tenant-Id": tenant} if tenant_header else {})}
        note = f"note-{'4b7d' if n else 'c09e'}81f2a6d35e{n}7"
        at = 1000.0 + 10 * n
        text = f"a text that {principal.partition('.')[0]} has written down"
        out += [
            exchange(f"w{n}", "POST", f"/{door}/notes{query}", 201, json={"text": text}, answer={"id": note},
                     headers=fields, at=at),
            exchange(f"r{n}", "GET", f"/{door}/notes/{note}{query}", answer={"id": note, "text": text}, headers=fields,
                     at=at + 2),
            exchange(f"m{n}", "GET", f"/{door}/profile{query}", answer={"token": headers.get("Authorization", "")},
                     headers=fields, at=at + 4),
        ]  # fmt: skip
    return tuple(out)


def config_of(text: str, folder: Path) -> Config:
    return parse_config(text.encode(), folder / "replay.toml")


def asking(
    folder: Path,
    url: str,
    exchanges: tuple[Exchange, ...],
    toml: str,
    mutators: tuple[str, ...] = (),
    name: str = "run",
) -> RunRequest:
    """A run over a capture of these exchanges, with this configuration."""
    capture = folder / f"capture-{name}.db"
    if not capture.exists():
        write_capture(capture, exchanges)
    settings = RunSettings(quiet_seconds=0.0, timeout_seconds=5.0)
    command = "fuzz" if mutators else "run"
    return RunRequest(
        command, capture, url, folder / f"{name}.db", settings, config_of(toml, folder), mutators=mutators
    )
