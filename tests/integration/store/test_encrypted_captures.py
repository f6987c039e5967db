"""An encrypted capture: its writer cannot read it back, its recipient can, and nobody else sees more than counts."""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from benchmarks.shop_traffic import sessions
from make import exchange
from replay.cli import replay
from replay.model.capture import CaptureInfo
from replay.model.errors import FileFormatError
from replay.model.exchange import Exchange, RedactedExchange
from replay.record.merging import merge_captures
from replay.record.pruning import Pruning, prune_capture
from replay.record.splitting import into, split_capture
from replay.store.audit_log import read_audit
from replay.store.capture_reader import CaptureReader
from replay.store.capture_schema import APPLICATION_ID, SCHEMA_2
from replay.store.capture_verify import verify
from replay.store.capture_writer import CaptureWriter
from replay.store.key_files import make_key_file, read_recipient
from replay.store.retention import Rotation
from replay.store.seal_rows import LockedError
from replay.store.sealing import Opener, Sealer, SealError, Unlock
from replay.store.segments import open_segments
from replay.store.sql_functions import register

UNLOCK = Unlock(X25519PrivateKey.generate().private_bytes_raw())
OTHER = Unlock(X25519PrivateKey.generate().private_bytes_raw())
PLAIN = CaptureInfo("cap1", 3, 1.0, "key-1", "rules-1", (), "0.1.0")
INFO = replace(PLAIN, recipient=UNLOCK.recipient)
WORD = "canary7531"  # stands in bodies, headers and a query


def one(number: int) -> Exchange:
    return exchange(
        f"e{number}",
        "POST",
        f"/things/{number}?q={WORD}",
        201,
        json={"name": WORD * 3, "n": number},
        answer={"echo": f"{WORD}-{number}" * 4},
        headers={"X-Note": WORD * 10, "X-Other": "short"},
        at=float(number),
    )


def record(path: Path, numbers: range, info: CaptureInfo = INFO, *, append: bool = False) -> list[Exchange]:
    writer = CaptureWriter.open_append(path, info) if append else CaptureWriter.create(path, info)
    rows = [one(number) for number in numbers]
    for number, row in zip(numbers, rows, strict=True):
        writer.add(number, f"s{number % 3}", None, RedactedExchange(row), ())
    writer.commit()
    writer.close()
    return rows


def read(path: Path, unlock: Unlock | None = UNLOCK) -> list[Exchange]:
    with CaptureReader.open(path, unlock) as reader:
        return [stored.exchange for stored in reader.stored()]


def test_the_recipient_reads_what_was_written_and_the_files_hold_none_of_it(tmp_path: Path) -> None:
    rows = record(tmp_path / "c.db", range(1, 20))
    assert read(tmp_path / "c.db") == rows
    assert WORD.encode() not in (tmp_path / "c.db").read_bytes()
    record(tmp_path / "plain.db", range(1, 20), PLAIN)
    assert WORD.encode() in (tmp_path / "plain.db").read_bytes(), "or this test could not fail"
    assert list(verify(tmp_path / "c.db", UNLOCK)) == []
    assert list(verify(tmp_path / "c.db")) == []


def test_without_the_key_there_are_counts_and_one_sentence(tmp_path: Path) -> None:
    record(tmp_path / "c.db", range(1, 20))
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert reader.is_locked()
        assert (reader.contents().exchanges, reader.contents().sessions) == (19, 3)
        for reading in (reader.sessions, lambda: list(reader.stored())):
            with pytest.raises(LockedError, match=r"c\.db is encrypted, and no key was given: say --unlock"):
                reading()


def test_another_private_key_opens_nothing(tmp_path: Path) -> None:
    record(tmp_path / "c.db", range(1, 5))
    with pytest.raises(LockedError, match="to somebody else"):
        read(tmp_path / "c.db", OTHER)


def test_a_recorder_goes_on_without_being_able_to_read(tmp_path: Path) -> None:
    """Each start has a data key of its own; equal bodies of two starts do not show as equal."""
    rows = record(tmp_path / "c.db", range(1, 4))
    writer = CaptureWriter.open_append(tmp_path / "c.db", INFO)
    for number in (4, 5):
        writer.add(number, "s1", None, RedactedExchange(replace(rows[0], id=f"e{number}")), ())
    writer.close()
    assert [each.request for each in read(tmp_path / "c.db")][3:] == [rows[0].request] * 2
    connection = sqlite3.connect(tmp_path / "c.db")
    assert connection.execute("SELECT count(*) FROM seal").fetchone() == (2,)
    # Three writings of two bodies each; the fourth and fifth exchange share theirs, as in a plain capture.
    assert connection.execute("SELECT count(*) FROM body").fetchone() == (8,)
    connection.close()
    assert list(verify(tmp_path / "c.db", UNLOCK)) == []


@pytest.mark.parametrize("info", [PLAIN, replace(PLAIN, recipient=OTHER.recipient)])
def test_going_on_with_another_recipient_or_none_is_refused(tmp_path: Path, info: CaptureInfo) -> None:
    record(tmp_path / "c.db", range(1, 4))
    with pytest.raises(FileFormatError, match="is encrypted to another key"):
        CaptureWriter.open_append(tmp_path / "c.db", info)
    record(tmp_path / "plain.db", range(1, 4), PLAIN)
    with pytest.raises(FileFormatError, match="is not encrypted"):
        CaptureWriter.open_append(tmp_path / "plain.db", INFO)


def test_dictionaries_are_trained_sealed_and_handed_over(tmp_path: Path) -> None:
    """Also across a rotation and a restart; a dictionary is a sample of content, so it is no longer readable."""
    rows = list(sessions(120, 10, unique=True))
    writer = open_segments(tmp_path / "c.db", INFO, append=False, rotation=Rotation(rotate_bytes=700_000))
    for number, (session, row) in enumerate(rows, 1):
        if number == 900:
            writer.close()
            writer = open_segments(tmp_path / "c.db", INFO, append=True, rotation=Rotation(rotate_bytes=700_000))
        writer.add(number, session, None, RedactedExchange(row), ())
        if number % 50 == 0:
            writer.commit()
    writer.close()
    manifest = tmp_path / "c.manifest.json"
    assert {each.id: each for each in read(manifest)} == {row.id: row for _, row in rows}
    assert len(list(tmp_path.glob("c-*.db"))) >= 1
    assert list(verify(manifest, UNLOCK)) == []
    files = [*tmp_path.glob("c*.db")]
    counts = [sqlite3.connect(path) for path in files]
    dictionaries = [data for each in counts for (data,) in each.execute("SELECT data FROM dictionary")]
    for each in counts:
        each.close()
    assert dictionaries
    assert not any(b"application/json" in data or b"courses" in data for data in dictionaries)


def _swap_bodies(connection: sqlite3.Connection) -> None:
    """Two bodies change places, each whole: only what binds a cell to its place can tell."""
    (first, second) = connection.execute("SELECT id, digest FROM body WHERE bytes > 0 ORDER BY id LIMIT 2").fetchall()
    connection.execute("UPDATE body SET digest = x'00' WHERE id = ?", (first[0],))
    connection.execute("UPDATE body SET digest = ? WHERE id = ?", (first[1], second[0]))
    connection.execute("UPDATE body SET digest = ? WHERE id = ?", (second[1], first[0]))


def _swap_headers(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT number, packing, headers FROM exchange ORDER BY number LIMIT 2").fetchall()
    for (number, *_), (_, packing, headers) in zip(rows, reversed(rows), strict=True):
        connection.execute("UPDATE exchange SET packing = ?, headers = ? WHERE number = ?", (packing, headers, number))


def _flip(connection: sqlite3.Connection) -> None:
    number, headers = connection.execute("SELECT number, headers FROM exchange LIMIT 1").fetchone()
    connection.execute(
        "UPDATE exchange SET headers = ? WHERE number = ?", (headers[:-1] + bytes([headers[-1] ^ 1]), number)
    )


@pytest.mark.parametrize("change", [_swap_bodies, _swap_headers, _flip])
def test_cells_that_were_moved_or_changed_do_not_open(tmp_path: Path, change) -> None:
    record(tmp_path / "c.db", range(1, 5))
    connection = sqlite3.connect(tmp_path / "c.db")
    change(connection)
    connection.commit()
    connection.close()
    with pytest.raises(FileFormatError, match="damaged"):
        read(tmp_path / "c.db")
    assert list(verify(tmp_path / "c.db", UNLOCK))


def test_cells_of_another_capture_do_not_open() -> None:
    sealer = Sealer("cap1", UNLOCK.recipient, 1)
    cell = sealer.seal(b"content", "body", b"1")
    assert Opener("cap1", {1: sealer.row}, UNLOCK).open(cell, "body", b"1") == b"content"
    for name, kind, place in (("cap2", "body", b"1"), ("cap1", "headers", b"1"), ("cap1", "body", b"2")):
        with pytest.raises(SealError):
            Opener(name, {1: sealer.row}, UNLOCK).open(cell, kind, place)


def test_no_nonce_comes_twice() -> None:
    """Also for equal content: two cells of one text have nothing in common but their length."""
    sealer = Sealer("cap1", UNLOCK.recipient, 7)
    cells = [sealer.seal(b"the same", "body", b"1") for _ in range(1000)]
    assert len({cell[:12] for cell in cells}) == 1000
    assert len({cell[12:] for cell in cells}) == 1000


def test_derived_captures_stay_encrypted_to_the_same_key(tmp_path: Path) -> None:
    rows = record(tmp_path / "a.db", range(1, 7))
    record(tmp_path / "b.db", range(7, 10), replace(INFO, id="cap2"))
    with pytest.raises(LockedError):
        merge_captures([tmp_path / "a.db", tmp_path / "b.db"], tmp_path / "no.db", 5.0)
    assert not (tmp_path / "no.db").exists()
    merge_captures([tmp_path / "a.db", tmp_path / "b.db"], tmp_path / "all.db", 5.0, unlock=UNLOCK)
    prune_capture(tmp_path / "a.db", tmp_path / "less.db", Pruning(ended_before=3.0), 5.0, unlock=UNLOCK)
    split_capture(tmp_path / "a.db", tmp_path / "parts", into(2), 5.0, unlock=UNLOCK)
    made = [tmp_path / "all.db", tmp_path / "less.db", *(tmp_path / "parts").glob("*.db")]
    assert [len(read(path)) for path in made[:2]] == [9, 6] or len(read(made[1])) < 6
    for path in made:
        assert WORD.encode() not in path.read_bytes()
        with pytest.raises(LockedError):
            read(path, None)
    assert read(made[0])[0].request == rows[0].request


def test_captures_of_different_recipients_are_not_merged(tmp_path: Path) -> None:
    record(tmp_path / "a.db", range(1, 3))
    record(tmp_path / "b.db", range(3, 5), replace(PLAIN, id="cap2"))
    with pytest.raises(FileFormatError, match="not all encrypted to one key"):
        merge_captures([tmp_path / "a.db", tmp_path / "b.db"], tmp_path / "all.db", 5.0, unlock=UNLOCK)


def test_sql_functions_show_nothing_of_it(tmp_path: Path) -> None:
    record(tmp_path / "c.db", range(1, 3))
    connection = sqlite3.connect(tmp_path / "c.db")
    register(connection)
    with pytest.raises(sqlite3.OperationalError, match="user-defined function raised exception"):
        connection.execute("SELECT replay_text(1)").fetchone()
    assert connection.execute("SELECT target FROM v_exchange").fetchall() == [("",), ("",)]
    connection.close()


def test_captures_of_format_2_are_still_read(tmp_path: Path) -> None:
    """Rows as replay 0.1 wrote them: no salt, no lifetime, no recipient, no seals."""
    rows = record(tmp_path / "new.db", range(1, 4), PLAIN)
    old = sqlite3.connect(tmp_path / "old.db")
    old.executescript(f"BEGIN;{SCHEMA_2};PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = 2;COMMIT;")
    old.execute("ATTACH ? AS new", (str(tmp_path / "new.db"),))
    old.execute(
        "INSERT INTO main.meta SELECT id, created, key_id, policy_digest, origins, tool_version, segment FROM new.meta"
    )
    for table in ("term", "session", "endpoint", "body", "exchange", "tally", "volume"):
        old.execute(f"INSERT INTO main.{table} SELECT * FROM new.{table}")
    old.commit()
    old.close()
    assert read(tmp_path / "old.db", None) == rows
    with CaptureReader.open(tmp_path / "old.db") as reader:
        assert (reader.info().format_version, reader.info().lifetime, reader.is_locked()) == (2, 0.0, False)
    assert list(verify(tmp_path / "old.db")) == []
    with pytest.raises(FileFormatError, match="format version 2"):
        CaptureWriter.open_append(tmp_path / "old.db", PLAIN)


def test_a_forged_seal_is_damage_and_nothing_worse(tmp_path: Path) -> None:
    record(tmp_path / "c.db", range(1, 3))
    for sender in (bytes(32), b"short", os.urandom(32)):
        connection = sqlite3.connect(tmp_path / "c.db")
        connection.execute("UPDATE seal SET sender = ?", (sender,))
        connection.commit()
        connection.close()
        with pytest.raises(FileFormatError, match="damaged"):
            read(tmp_path / "c.db")


def command(*words: object, **environment: str) -> Result:
    return CliRunner().invoke(replay, [str(word) for word in words], env=environment)


def test_the_commands_open_it_with_a_private_key_file_only(tmp_path: Path) -> None:
    """Named by --unlock or by REPLAY_UNLOCK; without one each says so in one sentence, and inspect shows counts."""
    make_key_file(tmp_path / "reader", "encryption")
    record(tmp_path / "c.db", range(1, 5), replace(PLAIN, recipient=read_recipient(tmp_path / "reader.pub")))
    path, out, unlock = tmp_path / "c.db", tmp_path / "out", ("--unlock", tmp_path / "reader")
    inspected = command("inspect", path)
    assert "4 exchanges" in inspected.output
    assert "bodies, headers and paths need --unlock" in inspected.output
    assert json.loads(command("inspect", path, "--json").output)["capture"]["encrypted"] is True
    assert "unlocked" in command("inspect", path, *unlock).output
    play = ("run", path, "--target", "http://127.0.0.1:9", "--out", tmp_path / "r.db", "--quiet")
    export = ("capture", "export", path, "--format", "jsonl", "--out", out)
    for words in (play, export, ("capture", "prune", path, "--newer-than", "1s", "--out", out)):
        assert "is encrypted, and no key was given" in str(command(*words).exception)
    assert not out.exists()
    assert "encrypted" not in str(command(*play, *unlock).exception), "the next thing that is wrong is the target"
    assert command(*export, REPLAY_UNLOCK=str(tmp_path / "reader")).exit_code == 0
    assert out.read_text().count(WORD) > 4
    assert [one.event for one in read_audit(path)] == ["export"]
    unseen = command("capture", "verify", path)
    assert unseen.exit_code == 3
    assert f"{path}: not verified: bodies, messages, headers, paths and queries" in unseen.output
    assert f"{path}: whole\n" in command("capture", "verify", path, *unlock).output
    assert command("capture", "verify", path, *unlock).exit_code == 0
    (tmp_path / "reader").chmod(0o644)
    assert "chmod 0400" in str(command(*export, *unlock).exception)


def test_what_cannot_be_looked_at_is_not_called_whole(tmp_path: Path) -> None:
    """Without the key a signature that was asked for speaks for every byte; one by anybody does not."""
    make_key_file(tmp_path / "reader", "encryption")
    make_key_file(tmp_path / "signer", "signing")
    for name in ("a", "b"):
        record(tmp_path / f"{name}.db", range(1, 3), replace(PLAIN, recipient=read_recipient(tmp_path / "reader.pub")))
    a, b, signer = tmp_path / "a.db", tmp_path / "b.db", ("--signer", tmp_path / "signer.pub")
    assert command("capture", "sign", a, "--key", tmp_path / "signer").exit_code == 0
    assert command("capture", "verify", a, *signer).exit_code == 0
    assert command("capture", "verify", a).exit_code == 3
    told = command("capture", "verify", a, b, "--json")
    assert told.exit_code == 3
    found = json.loads(told.output)
    assert [one["verdict"] for one in found] == ["not verified", "not verified"]
    assert (found[0]["signed"] != "", found[0]["is_known_signer"], found[1]["signed"]) == (True, False, "")
    assert "bodies" in found[0]["unseen"]
    told = command("capture", "verify", a, b, *signer, "--json")
    assert told.exit_code == 1, "one of them is not signed"
    assert [one["verdict"] for one in json.loads(told.output)] == ["whole", "damaged"]
