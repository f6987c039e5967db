"""What a capture writer stores, a reader gives back; a finished capture is one private file."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest
import sqlite_utils

from make import bearer, exchange
from replay.model.body import Body
from replay.model.capture import CaptureInfo, Loss, RedactedField
from replay.model.errors import FileFormatError
from replay.model.exchange import Exchange, FaultKind, RedactedExchange, Response, SocketMessage
from replay.model.headers import Headers
from replay.model.session import Actor
from replay.store.capture_reader import CaptureReader
from replay.store.capture_writer import CaptureWriter

INFO = CaptureInfo("cap1", 2, 1_700_000_000.5, "key-1", "rules-1", (), "0.1.0")
ANN, BOB = Actor("acme", "ann"), Actor("globex", "bob")

MESSAGES = (
    SocketMessage(True, 1.25, Body(b"hi", "text/plain")),
    SocketMessage(False, 1.5, Body(b"hi", "text/plain")),
    SocketMessage(False, 1.75, Body(bytes(300), "application/octet-stream", True, 5000)),
    SocketMessage(True, 1.875, Body(b"", "text/plain")),
)
EXCHANGES: list[tuple[str, Exchange]] = [
    ("plain JSON both ways", exchange("e", "POST", "/courses", 201, json={"title": "x"}, answer={"id": 17}, at=1.0)),
    ("no bodies", exchange("e", "GET", "/courses/17?page=2&page=3", 304, at=1.0)),
    ("fault", exchange("e", "GET", "/x", fault=FaultKind.UPSTREAM_GONE, at=1.0)),
    ("binary body", exchange("e", "GET", "/x", answer_body=Body(bytes(range(256)), "image/png"), at=1.0)),
    ("cut body with its true size", exchange("e", "GET", "/x", answer_body=Body(b"ab", "text/plain", True, 9), at=1.0)),
    ("body left out", exchange("e", "PUT", "/x", body=Body(b"", "application/json", True, 5000), at=1.0)),
    ("type without a body", exchange("e", "PUT", "/x", body=Body(b"", "application/json"), at=1.0)),
    ("repeated headers in order", exchange("e", "GET", "/x", headers=[("A", "1"), ("b", "2"), ("A", "3")], at=1.0)),
    ("latin-1 header", exchange("e", "GET", "/x", headers=[("X-Name", "caf\xe9 \x7f")], at=1.0)),
    ("lone surrogate in a header", exchange("e", "GET", "/x", headers=[("X", "\udc80")], at=1.0)),
    (
        "long header value",
        exchange("e", "GET", "/x", headers=[("Cookie", "c" * 9000), *bearer("t" * 180).items()], at=1.0),
    ),
    (
        "trailers",
        replace(
            exchange("e", "POST", "/x", at=1.0), outcome=Response(200, trailers=Headers.of([("grpc-status", "0")]))
        ),
    ),
    ("messages of a WebSocket", replace(exchange("e", "GET", "/ws", 101, at=1.0), messages=MESSAGES)),
    ("connection and odd status", replace(exchange("e", "GET", "/x", 999, at=1.0), connection="conn-1")),
    ("lone surrogate in the target", exchange("e", "GET", "/\udc80", at=1.0)),
]


def write(path: Path, *rows: tuple[str, Actor | None, Exchange], fields: tuple[RedactedField, ...] = ()) -> None:
    writer = CaptureWriter.create(path, INFO)
    for number, (session, actor, one) in enumerate(rows, writer.next_number()):
        writer.add(number, session, actor, RedactedExchange(one), fields)
    writer.close()


@pytest.mark.parametrize(
    ("one"), [pytest.param(row[1], id=row[0]) for row in EXCHANGES if "in the target" not in row[0]]
)
def test_an_exchange_comes_back_equal(tmp_path: Path, one: Exchange) -> None:
    write(tmp_path / "c.db", ("s1", ANN, one))
    with CaptureReader.open(tmp_path / "c.db") as reader:
        (session,) = reader.sessions()
    assert session.exchanges == (one,)
    assert (session.id, session.actor) == ("s1", ANN)


def test_what_sqlite_cannot_hold_fails_at_the_writer_and_costs_only_itself(tmp_path: Path) -> None:
    """Text that is not encodable: the batch is rolled back, the file goes on."""
    writer = CaptureWriter.create(tmp_path / "c.db", INFO)
    with pytest.raises(UnicodeEncodeError):
        writer.add(1, "s1", ANN, RedactedExchange(EXCHANGES[-1][1]), ())
    writer.rollback()
    writer.add(1, "s1", ANN, RedactedExchange(EXCHANGES[0][1]), ())
    writer.close()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert [len(session.exchanges) for session in reader.sessions()] == [1]


def test_sessions_are_ordered_by_start_and_actors_may_come_late(tmp_path: Path) -> None:
    def at(name: str, seconds: float) -> Exchange:
        return exchange(name, "GET", "/x", at=seconds)

    write(
        tmp_path / "c.db",
        ("s1", None, at("late", 9.0)),
        ("s2", BOB, at("bobs", 2.0)),
        ("s1", None, at("early", 1.0)),
        ("s1", ANN, at("same time, stored second", 9.0)),
        ("s3", None, at("nobody", 3.0)),
    )
    with CaptureReader.open(tmp_path / "c.db") as reader:
        sessions = reader.sessions()
    assert [(session.id, session.actor) for session in sessions] == [("s1", ANN), ("s2", BOB), ("s3", None)]
    assert [one.id for one in sessions[0].exchanges] == ["early", "late", "same time, stored second"]


def test_equal_bodies_are_stored_once(tmp_path: Path) -> None:
    one = exchange("e1", "GET", "/x", answer={"a": 1}, at=1.0)
    two = exchange("e2", "GET", "/x", answer={"a": 1}, at=2.0)
    write(tmp_path / "c.db", ("s1", ANN, one), ("s1", ANN, two))
    database = sqlite_utils.Database(tmp_path / "c.db")
    assert database["body"].count == 1
    database.close()


def test_redaction_and_losses_add_up(tmp_path: Path) -> None:
    field = RedactedField("GET /x", "response", "body.email", "email", "pseudonymise", 2)
    one, two = (exchange(name, "GET", "/x", at=1.0) for name in ("e1", "e2"))
    write(tmp_path / "c.db", ("s1", ANN, one), ("s1", ANN, two), fields=(field,))
    writer = CaptureWriter.open_append(tmp_path / "c.db", INFO)
    writer.count_loss("refused", "survivor")
    writer.count_loss("refused", "survivor", 2)
    writer.count_loss("body", "response: broken content coding")
    writer.set_loss("dropped", "queue-full", 5)
    writer.set_loss("dropped", "queue-full", 7)
    writer.commit()
    assert (writer.totals().captured, writer.totals().refused) == (2, 3)
    writer.close()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert reader.redacted_fields() == (
            RedactedField("GET /x", "response", "body.email", "email", "pseudonymise", 4),
        )
        assert reader.losses() == (Loss("dropped", "queue-full", 7), Loss("refused", "survivor", 3))
        assert reader.body_losses() == (Loss("body", "response: broken content coding", 1),)


def test_info_and_contents(tmp_path: Path) -> None:
    writer = CaptureWriter.create(tmp_path / "c.db", INFO)
    writer.add(1, "s1", ANN, RedactedExchange(exchange("e1", "GET", "/courses/17", at=1.0)), ())
    writer.add(2, "s1", ANN, RedactedExchange(exchange("e2", "GET", "/courses/18", 404, at=2.0)), ())
    writer.add(3, "s2", None, RedactedExchange(exchange("e3", "GET", "/x", fault=FaultKind.CONNECT, at=3.0)), ())
    for mark in ("m1", "m2", "m1"):
        writer.add_origin(mark)
    writer.close()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        info, contents = reader.info(), reader.contents()
    assert (info.id, info.created, info.key_id, info.origins) == ("cap1", 1_700_000_000.5, "key-1", ("m1", "m2"))
    assert [(one.endpoint, one.statuses) for one in contents.endpoints] == [
        ("GET /courses/{id}", (("200", 1), ("404", 1))),
        ("GET /x", (("connect", 1),)),
    ]
    assert [(one.actor, one.sessions, one.exchanges) for one in contents.actors] == [(ANN, 1, 2), (None, 1, 1)]
    assert (contents.sessions, contents.exchanges, contents.first) == (2, 3, 1.0)


def test_a_finished_capture_is_one_private_file(tmp_path: Path) -> None:
    write(tmp_path / "c.db", ("s1", ANN, exchange("e1", "GET", "/x", at=1.0)))
    assert [path.name for path in tmp_path.iterdir()] == ["c.db"]
    assert stat.S_IMODE((tmp_path / "c.db").stat().st_mode) == 0o600
    with sqlite3.connect(tmp_path / "c.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_nothing_is_readable_for_others_while_it_is_written(tmp_path: Path) -> None:
    writer = CaptureWriter.create(tmp_path / "c.db", INFO)
    writer.add(1, "s1", ANN, RedactedExchange(exchange("e1", "GET", "/x", at=1.0)), ())
    writer.commit()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    writer.close()
    assert modes == {"c.db": 0o600, "c.db-wal": 0o600, "c.db-shm": 0o600}


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "c.db").write_text("mine")
    with pytest.raises(FileFormatError, match="exists already"):
        CaptureWriter.create(tmp_path / "c.db", INFO)
    assert (tmp_path / "c.db").read_text() == "mine"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"key_id": "key-2"}, "another key", id="another key would give equal values two stand-ins"),
        pytest.param({"policy_digest": "rules-2"}, "another set of redaction rules", id="other rules"),
    ],
)
def test_going_on_needs_the_same_key_and_rules(tmp_path: Path, change: dict[str, str], words: str) -> None:
    write(tmp_path / "c.db")
    other = {"key_id": INFO.key_id, "policy_digest": INFO.policy_digest, **change}
    with pytest.raises(FileFormatError, match=words):
        CaptureWriter.open_append(
            tmp_path / "c.db", CaptureInfo("x", 1, 2.0, other["key_id"], other["policy_digest"], (), "0")
        )


def test_other_rules_of_another_version_are_told_with_both_versions(tmp_path: Path) -> None:
    """A version's own words are part of its rules: so the sentence says which version made the file, and what to do."""
    write(tmp_path / "c.db")
    for version, words in (
        (f"not-{INFO.tool_version}", f"was recorded by replay {INFO.tool_version} with"),
        (INFO.tool_version, "by this version"),
    ):
        with pytest.raises(FileFormatError, match="another set of redaction rules") as caught:
            CaptureWriter.open_append(tmp_path / "c.db", CaptureInfo("x", 1, 2.0, INFO.key_id, "rules-2", (), version))
        assert words in str(caught.value)
        assert version in str(caught.value)
        assert "choose another name" in str(caught.value)


def test_going_on_keeps_what_was_there(tmp_path: Path) -> None:
    write(tmp_path / "c.db", ("s1", ANN, exchange("e1", "GET", "/x", at=1.0)))
    writer = CaptureWriter.open_append(tmp_path / "c.db", INFO)
    number = writer.next_number()
    assert number == 2
    writer.add(number, "s2", ANN, RedactedExchange(exchange("e2", "GET", "/x", at=2.0)), ())
    writer.close()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert reader.info().id == "cap1"
        assert [session.id for session in reader.sessions()] == ["s1", "s2"]
