"""QA's database for the demo: a file of its own, or a database of its own on the PostgreSQL server that was named."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from replay.model.errors import UsageError


@asynccontextmanager
async def qa_database(url: str | None, folder: Path) -> AsyncIterator[str]:
    """An empty database, as a path or URL; it is gone afterwards. Raises UsageError when it cannot be made."""
    if not url:
        yield str(folder / "qa.db")
        return
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise UsageError("--db takes postgresql://USER@HOST:PORT/NAME here; without it the demo uses SQLite.")
    name = f"replay_demo_{secrets.token_hex(4)}"
    await asyncio.to_thread(_execute, url, f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))
    finally:
        await asyncio.to_thread(_drop, url, name)


def _drop(url: str, name: str) -> None:
    """A drop waits for a checkpoint: a busy server may refuse for a while. The demo's result does not depend on it."""
    for _ in range(3):
        with suppress(UsageError):
            _execute(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            return
    print(f"replay: the demo's database {name} could not be dropped; drop it by hand.", file=sys.stderr)


def _execute(url: str, statement: str) -> None:
    try:
        import psycopg
    except ImportError:
        raise UsageError("PostgreSQL needs an extra: pip install 'replay-proxy[postgres]'.") from None
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=20) as connection:
            connection.execute(statement.encode())
    except psycopg.Error as error:
        raise UsageError(
            f"The PostgreSQL server given with --db refused ({type(error).__name__}): it must be reachable, and the"
            " role must be allowed to create databases."
        ) from None
