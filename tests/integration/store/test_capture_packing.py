"""Bodies once, packed with a dictionary that the writer trains: what is stored, comes back, and is undone."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from benchmarks.shop_traffic import sessions
from make import exchange
from replay.model.body import Body
from replay.model.capture import CaptureInfo
from replay.model.exchange import Exchange, Fault, FaultKind, RedactedExchange
from replay.model.session import Actor
from replay.store import capture_writer as capture_writer_module
from replay.store.capture_reader import CaptureReader
from replay.store.capture_verify import verify
from replay.store.capture_writer import CaptureWriter
from replay.store.packing import MOST_BYTES

INFO = CaptureInfo("cap1", 2, 1.0, "key-1", "rules-1", (), "0.1.0")


def record(path: Path, rows: list[tuple[str, Exchange]], *, append: bool = False, batch: int = 50) -> None:
    writer = CaptureWriter.open_append(path, INFO) if append else CaptureWriter.create(path, INFO)
    for number, (session, one) in enumerate(rows, writer.next_number()):
        writer.add(number, session, None, RedactedExchange(one), ())
        if number % batch == 0:
            writer.commit()
    writer.close()


def one(path: Path, sql: str) -> tuple:
    connection = sqlite3.connect(path)
    found = connection.execute(sql).fetchone()
    connection.close()
    return found


def test_a_dictionary_is_trained_once_and_used_from_then_on(tmp_path: Path) -> None:
    """Also by a writer that goes on later; everything comes back, packed before or after."""
    rows = list(sessions(40, 10, unique=True))
    record(tmp_path / "c.db", rows[:300])
    assert one(tmp_path / "c.db", "SELECT count(*) FROM dictionary") == (1,)
    record(tmp_path / "c.db", rows[300:], append=True)
    assert one(tmp_path / "c.db", "SELECT count(*), max(id) FROM dictionary") == (1, 1)
    plain, trained = (
        one(tmp_path / "c.db", f"SELECT avg(length(data) * 1.0 / bytes), count(*) FROM body WHERE packing = {n}")
        for n in (0, 1)
    )
    assert plain[1] >= 200 < trained[1] + 100
    assert trained[0] < 0.7 * plain[0]
    with CaptureReader.open(tmp_path / "c.db") as reader:
        back = {stored.exchange.id: stored.exchange for stored in reader.stored()}
    assert back == {found.id: found for _, found in rows}
    assert list(verify(tmp_path / "c.db")) == []


def test_a_capture_without_anything_in_common_does_without(tmp_path: Path) -> None:
    """Noise cannot be packed: it is stored as it is, and costs its own length."""
    rng = Random(1)
    rows = [
        ("s1", exchange(f"e{n}", "GET", "/x", answer_body=Body(rng.randbytes(2000), "image/png"), at=1.0))
        for n in range(260)
    ]
    record(tmp_path / "c.db", rows)
    assert one(tmp_path / "c.db", "SELECT min(packing), max(packing), sum(length(data)) FROM body") == (-1, -1, 520_000)
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert [found for session in reader.sessions() for found in session.exchanges] == [found for _, found in rows]


def test_equal_bodies_are_one_object_in_memory(tmp_path: Path) -> None:
    """Across sessions; of another media type they are other bodies."""
    body = Body(b"x" * 1000, "text/plain")
    rows = [(f"s{n}", exchange(f"e{n}", "GET", "/x", answer_body=body, at=float(n))) for n in range(10)]
    rows.append(("s11", exchange("e11", "GET", "/x", answer_body=replace(body, content_type="text/html"), at=11.0)))
    record(tmp_path / "c.db", rows)
    with CaptureReader.open(tmp_path / "c.db") as reader:
        found = reader.sessions()
        assert reader.size().bodies == 2
    bodies = [session.exchanges[0].response.body for session in found]
    assert len({id(body.data) for body in bodies[:10]}) == 1
    assert bodies[10].content_type == "text/html"


def test_what_was_rolled_back_is_stored_again(tmp_path: Path) -> None:
    """Row ids that were given out in a lost transaction must not be used: bodies, texts, actors, sessions, counts."""
    writer = CaptureWriter.create(tmp_path / "c.db", INFO)
    cookie = {"Cookie": "c" * 100}
    rows = [exchange(f"e{n}", "GET", f"/a/{n}", answer={"n": n % 3}, headers=cookie, at=float(n)) for n in range(1, 9)]
    for _ in range(2):
        for number, found in enumerate(rows, 1):
            writer.add(number, f"s{number}", Actor("t", f"p{number % 2}"), RedactedExchange(found), ())
        writer.rollback()
        writer.add(100, "other", Actor("t", "p9"), RedactedExchange(exchange("o", "PUT", "/o", answer=1, at=1.0)), ())
        writer.rollback()
    for number, found in enumerate(reversed(rows), 1):
        writer.add(number, f"s{number}", Actor("t", f"p{number % 2}"), RedactedExchange(found), ())
    writer.close()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert [stored.exchange for stored in reader.stored()] == rows[::-1]
        assert reader.contents().exchanges == 8
    assert list(verify(tmp_path / "c.db")) == []


def test_a_failing_commit_of_the_dictionary_costs_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk in that moment: exchanges go on being packed without one."""
    writer = CaptureWriter.create(tmp_path / "c.db", INFO)
    rows = list(sessions(26, 10, unique=True))
    trained = capture_writer_module.DictionaryTrainer.train

    def train(self: object) -> bytes | None:
        writer._connection.execute(f"PRAGMA max_page_count = {writer.size_bytes() // 8192 + 1}")
        return trained(self)

    monkeypatch.setattr(capture_writer_module.DictionaryTrainer, "train", train)
    for number, (session, found) in enumerate(rows, 1):
        writer.add(number, session, None, RedactedExchange(found), ())
        if number == 250:
            writer.commit()
            writer._connection.execute("PRAGMA max_page_count = 100000")
    writer.close()
    assert one(tmp_path / "c.db", "SELECT count(*) FROM dictionary") == (0,)
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert [stored.exchange for stored in reader.stored()] == [found for _, found in rows]


def test_a_body_beyond_the_formats_limit_is_cut_and_marked(tmp_path: Path) -> None:
    """The reader's bound is the writer's."""
    huge = Body(os.urandom(16) * (MOST_BYTES // 16 + 100), "application/octet-stream")
    record(tmp_path / "c.db", [("s1", exchange("e1", "GET", "/x", answer_body=huge, at=1.0))])
    with CaptureReader.open(tmp_path / "c.db") as reader:
        body = reader.sessions()[0].exchanges[0].response.body
    assert (len(body.data), body.truncated, body.length_bytes) == (MOST_BYTES, True, len(huge.data))


def test_a_header_block_beyond_the_limit_fails_at_the_writer(tmp_path: Path) -> None:
    """It costs itself only."""
    writer = CaptureWriter.create(tmp_path / "c.db", INFO)
    endless = exchange("e1", "GET", "/x", headers=[(f"X-{n}", "v" * 60_000) for n in range(100)], at=1.0)
    with pytest.raises(ValueError, match="too long"):
        writer.add(1, "s1", None, RedactedExchange(endless), ())
    writer.rollback()
    writer.add(1, "s1", None, RedactedExchange(exchange("e1", "GET", "/x", at=1.0)), ())
    writer.close()
    assert list(verify(tmp_path / "c.db")) == []


def test_long_values_that_repeat_are_stored_once(tmp_path: Path) -> None:
    """A cookie of 2 KB in each of a hundred requests costs 2 KB twice, not a hundred times."""
    rng = Random(3)
    cookie = [("Cookie", "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=2000)))]
    rows = [("s1", exchange(f"e{n}", "GET", "/x", headers=cookie, at=float(n))) for n in range(100)]
    record(tmp_path / "c.db", rows)
    assert one(tmp_path / "c.db", "SELECT sum(length(headers)) FROM exchange")[0] < 12_000
    with CaptureReader.open(tmp_path / "c.db") as reader:
        found = reader.sessions()[0].exchanges
    assert [exchange.request.headers.get("Cookie") for exchange in found] == [cookie[0][1]] * 100


def test_answers_alone_are_those_of_the_exchanges(tmp_path: Path) -> None:
    """The shorter way of reading, which passes requests by, gives the same sessions and responses in the same order."""
    rows = list(sessions(5, 10, unique=True))
    rows[3] = (rows[3][0], replace(rows[3][1], outcome=Fault(FaultKind.TIMEOUT)))
    record(tmp_path / "c.db", rows)
    with CaptureReader.open(tmp_path / "c.db") as reader:
        whole = [(one.session_id, one.exchange.response) for one in reader.stored() if one.exchange.response]
        assert len(whole) == len(rows) - 1
        assert list(reader.answers()) == whole
