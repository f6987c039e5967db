"""Ad-hoc SQL: views for any SQLite tool, and functions that unpack bodies in sqlite-utils and Datasette."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pluggy
import pytest
import sqlite_utils

from make import bearer, exchange
from replay.model.capture import CaptureInfo
from replay.model.exchange import FaultKind, RedactedExchange, Response
from replay.model.headers import Headers
from replay.model.session import Actor
from replay.store import sql_functions
from replay.store.capture_writer import CaptureWriter

INFO = CaptureInfo("cap1", 2, 1.0, "key-1", "rules-1", (), "0.1.0")
LONG = bearer("t" * 200)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    writer = CaptureWriter.create(tmp_path / "c.db", INFO)
    rows = [
        exchange(
            "e1", "POST", "/courses", 201, json={"title": "x"}, answer={"id": 17}, headers=LONG, at=1.5, took=0.25
        ),
        exchange("e2", "GET", "/courses/17", answer={"id": 17, "pad": "y" * 500}, headers=LONG, at=2.0, took=0.5),
        exchange("e3", "GET", "/courses/18", 404, headers=LONG, at=3.0, took=0.1),
        exchange("e4", "GET", "/courses/19", fault=FaultKind.TIMEOUT, at=4.0, took=1.0),
        replace(exchange("e5", "POST", "/grpc", at=5.0), outcome=Response(200, trailers=Headers.of([("a", "b")]))),
    ]
    for number, one in enumerate(rows, 1):
        writer.add(number, "s1" if number < 4 else "s2", Actor("acme", "ann"), RedactedExchange(one), ())
    writer.set_loss("dropped", "queue-full", 3)
    writer.close()
    return tmp_path / "c.db"


@pytest.fixture
def database(capture: Path) -> Iterator[sqlite_utils.Database]:
    opened = sqlite_utils.Database(capture)
    sql_functions.register(opened.conn)
    yield opened
    opened.close()


# These stand in the documentation as well.
QUERIES: list[tuple[str, str, list[tuple[object, ...]]]] = [
    (
        "endpoints, most frequent first",
        "SELECT endpoint, exchanges, errors, mean_ms, longest_ms FROM v_endpoint ORDER BY exchanges DESC, endpoint",
        [
            ("GET /courses/{id}", 3, 2, 533.333, 1000.0),
            ("POST /courses", 1, 0, 250.0, 250.0),
            ("POST /grpc", 1, 0, 50.0, 50.0),
        ],
    ),
    (
        "sessions",
        "SELECT session, tenant, principal, first, seconds, exchanges FROM v_session",
        [
            ("s1", "acme", "ann", "1970-01-01T00:00:01.500Z", 1.6, 3),
            ("s2", "acme", "ann", "1970-01-01T00:00:04.000Z", 1.05, 2),
        ],
    ),
    (
        "what is in it and what is not",
        "SELECT kind, reason, count FROM v_loss ORDER BY kind",
        [("captured", "", 5), ("dropped", "queue-full", 3)],
    ),
    (
        "errors with their bodies",
        "SELECT id, status, fault, replay_text(response_body) FROM v_exchange WHERE status >= 400 OR fault IS NOT NULL",
        [("e3", 404, None, None), ("e4", None, "timeout", None)],
    ),
    (
        "a field of JSON answers",
        "SELECT id, json_extract(replay_text(response_body), '$.id') FROM v_exchange WHERE response_type LIKE '%json%'",
        [("e1", 17), ("e2", 17)],
    ),
    (
        "latency at the 95th percentile",
        """
        SELECT endpoint, max(seconds) FROM (
            SELECT endpoint, seconds, percent_rank() OVER (PARTITION BY endpoint ORDER BY seconds) AS rank
            FROM v_exchange
        ) WHERE rank <= 0.95 GROUP BY endpoint
        """,
        [("GET /courses/{id}", 0.5), ("POST /courses", 0.25), ("POST /grpc", 0.05)],
    ),
    (
        "who sent a header",
        """
        SELECT v.id, json_extract(h.value, '$[1]')
        FROM v_exchange v, json_each(replay_headers(v.number, 'request')) h
        WHERE json_extract(h.value, '$[0]') = 'Authorization'
        """,
        [(f"e{number}", f"Bearer {'t' * 200}") for number in (1, 2, 3)],
    ),
    (
        "trailers",
        "SELECT id, replay_headers(number, 'trailers') FROM v_exchange WHERE endpoint = 'POST /grpc'",
        [("e5", '[["a", "b"]]')],
    ),
    (
        "the largest bodies",
        "SELECT response_body_bytes, length(replay_bytes(response_body)) FROM v_exchange ORDER BY 1 DESC LIMIT 1",
        [(518, 518)],
    ),
    (
        "how well bodies are packed",
        "SELECT what, count, bytes, packed < bytes FROM volume ORDER BY what",
        [("body", 3, 540, 1), ("headers", 5, 1100, 1)],
    ),
]


@pytest.mark.parametrize(("sql", "rows"), [pytest.param(*row[1:], id=row[0]) for row in QUERIES])
def test_a_query_for_people_answers(database: sqlite_utils.Database, sql: str, rows: list[tuple[object, ...]]) -> None:
    """What the documentation shows."""
    found = [tuple(row.values()) for row in database.query(sql)]
    if "FROM volume" in sql:  # exact sizes of headers are no promise
        found = [(what, count, 1100 if what == "headers" else size, less) for what, count, size, less in found]
    assert found == rows


def test_views_need_no_function_of_ours(capture: Path) -> None:
    """Any SQLite shell shows every view."""
    connection = sqlite3.connect(capture)
    views = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'")]
    assert sorted(views) == ["v_endpoint", "v_exchange", "v_loss", "v_session"]
    assert all(connection.execute(f"SELECT * FROM {name}").fetchall() for name in views)
    connection.close()


def test_a_forged_body_is_an_error_of_the_query(capture: Path) -> None:
    """Unpacked under the same bounds as everywhere."""
    database = sqlite_utils.Database(capture)
    sql_functions.register(database.conn)
    database.execute("UPDATE body SET bytes = 1 << 40")
    with pytest.raises(sqlite3.OperationalError, match="user-defined function raised"):
        database.execute("SELECT replay_text(id) FROM body").fetchall()
    database.close()


@pytest.mark.parametrize("program", ["sqlite_utils", "datasette"])
def test_both_programs_find_the_hook(program: str) -> None:
    """By the name and the arguments under which each calls it."""
    manager = pluggy.PluginManager(program)
    mark = pluggy.HookspecMarker(program)

    class Specification:
        @mark
        def prepare_connection(self, conn, database, datasette):
            """As Datasette declares it; sqlite-utils has the first argument only."""

    manager.add_hookspecs(Specification)
    manager.register(sql_functions)
    connection = sqlite3.connect(":memory:")
    manager.hook.prepare_connection(conn=connection, database="c", datasette=None)
    assert connection.execute("SELECT replay_text(NULL)").fetchone() == (None,)
    connection.close()


def test_the_command_of_sqlite_utils_unpacks(capture: Path) -> None:
    """The real program finds the functions by the entry point of this distribution."""
    query = "SELECT replay_text(request_body) AS t FROM v_exchange"
    command = [sys.executable, "-m", "sqlite_utils", "query", str(capture), query]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout)[0] == {"t": '{"title":"x"}'}
