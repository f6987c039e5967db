"""Runs a reset script in the target's database, which must be on this machine or a private network.

Rule: this is the only place that writes to a database of the target, and only with the script that the user named. The
address is looked up once and pinned; no message holds the URL, which may hold a password, or a word of the script.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from replay.model.errors import ResetError, UsageError

_SQLITE = re.compile(r"sqlite:///(.+)", re.IGNORECASE)
_POSTGRES = re.compile(r"(?:postgresql|postgres|postgresql\+psycopg)://", re.IGNORECASE)
_ELSEWHERE_BY_ENVIRONMENT = ("PGHOSTADDR", "PGSERVICE")  # libpq takes them where the URL is silent
_ELSEWHERE = frozenset({"service", "servicefile", "host", "hostaddr"})  # ways to name another server than the URL does
_OPTIONS = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "ssl_min_protocol_version", "ssl_max_protocol_version"}
    | {"channel_binding", "gssencmode", "krbsrvname", "require_auth", "passfile", "application_name"}
)
_TOO_LONG = "The reset script did not end within {:g} seconds."
_AGAIN_SECONDS = 0.01


def require_near(url: str) -> None:
    """Raise UsageError unless `url` names a database on this machine or on a private network."""
    if not _SQLITE.match(url):
        _address_of(url)
    elif "?" in url:
        raise UsageError("[reset] database takes no options behind sqlite:///FILE.")


async def run_script(url: str, script: str, timeout_seconds: float) -> None:
    """Raises ResetError when it does not run to its end in time."""
    work = _run_sqlite if _SQLITE.match(url) else _run_postgres
    try:
        async with asyncio.timeout(timeout_seconds + 1):
            await asyncio.to_thread(work, url, script, timeout_seconds)
    except TimeoutError:
        raise ResetError(_TOO_LONG.format(timeout_seconds)) from None


def _run_sqlite(url: str, script: str, timeout_seconds: float) -> None:
    match = _SQLITE.match(url)
    path = Path(unquote(match[1].partition("?")[0])) if match else Path()
    if not path.is_file():
        raise ResetError(f"The reset script's database {path.name} does not exist.")
    late = threading.Event()
    try:
        with (
            closing(sqlite3.connect(path, timeout=timeout_seconds)) as connection,
            _ended_after(connection, timeout_seconds, late),
        ):
            connection.executescript(script)
            connection.commit()
    except sqlite3.Error as error:
        if late.is_set():
            raise ResetError(_TOO_LONG.format(timeout_seconds)) from None
        raise ResetError(f"The reset script failed in {path.name}: {error.sqlite_errorname}.") from None


@contextmanager
def _ended_after(connection: sqlite3.Connection, timeout_seconds: float, late: threading.Event) -> Iterator[None]:
    """When it is late, the statement that runs is interrupted, and no other one begins."""
    done = threading.Event()

    def watch() -> None:
        if done.wait(timeout_seconds):
            return
        late.set()
        while not done.wait(_AGAIN_SECONDS):
            connection.interrupt()  # it is nobody's when it comes just before a statement begins

    connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY if late.is_set() else sqlite3.SQLITE_OK)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()  # before the connection is closed


def _run_postgres(url: str, script: str, timeout_seconds: float) -> None:
    psycopg, parsed = _drivers(url)
    options: dict[str, Any] = {
        "host": parsed.host or parsed.query.get("host"),
        "hostaddr": _address_of(url),
        "port": parsed.port,
        "user": parsed.username,
        "password": parsed.password,
        "dbname": parsed.database,
        "connect_timeout": max(1, int(timeout_seconds)),
        **{name: value for name, value in parsed.query.items() if name in _OPTIONS},
        "options": f"-c statement_timeout={int(timeout_seconds * 1000)}",
    }
    try:
        with psycopg.connect(**{name: value for name, value in options.items() if value}) as connection:
            connection.execute(script)  # no parameters: several statements are one message
    except psycopg.Error as error:
        raise ResetError(f"The reset script failed: PostgreSQL error {error.sqlstate or 'in connecting'}.") from None


def _address_of(url: str) -> str:
    """The one address behind a PostgreSQL URL; empty for a local socket. UsageError when it is public or not told."""
    _, parsed = _drivers(url)
    for name, value in parsed.query.items():
        if name not in _OPTIONS | _ELSEWHERE or not isinstance(value, str):
            raise UsageError(f"[reset] database takes no option but, each once: {', '.join(sorted(_OPTIONS))}, host.")
    folder = parsed.query.get("host", "")
    if (
        not parsed.host
        and isinstance(folder, str)
        and folder.startswith("/")
        and not _ELSEWHERE & set(parsed.query) - {"host"}
    ):
        if any(os.environ.get(name) for name in _ELSEWHERE_BY_ENVIRONMENT):
            raise UsageError("[reset] database names a local socket, but PGHOSTADDR or PGSERVICE may lead elsewhere.")
        return ""
    if not parsed.host or "," in parsed.host or _ELSEWHERE & set(parsed.query):
        raise UsageError("[reset] database must name one host: postgresql://USER@HOST:PORT/NAME.")
    try:
        found = socket.getaddrinfo(parsed.host, parsed.port or 5432, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UsageError("[reset] database names a host that has no address.") from None
    addresses = [str(one[4][0]) for one in found]
    for address in addresses:
        plain = ipaddress.ip_address(address)
        if (getattr(plain, "ipv4_mapped", None) or plain).is_global:
            raise UsageError(
                "[reset] database has a public address: a reset goes to this machine or a private network."
            )
    return addresses[0]


def _drivers(url: str) -> tuple[Any, Any]:
    if not _POSTGRES.match(url):
        raise UsageError("[reset] database takes sqlite:///FILE or postgresql://USER@HOST:PORT/NAME.")
    try:
        import psycopg  # drivers are an extra
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ModuleNotFoundError:
        raise UsageError("A reset in PostgreSQL needs: pip install 'replay-proxy[postgres]'.") from None
    try:
        return psycopg, make_url(url)
    except (ArgumentError, ValueError):
        raise UsageError("[reset] database does not read as postgresql://USER@HOST:PORT/NAME.") from None
