"""A capture from a stranger: opened when it is exactly ours, else refused with one sentence; nothing in it runs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from make import exchange
from replay.model.capture import CaptureInfo
from replay.model.errors import FileFormatError
from replay.model.exchange import RedactedExchange
from replay.model.session import Actor
from replay.store.capture_reader import CaptureReader
from replay.store.capture_writer import CaptureWriter

INFO = CaptureInfo("cap1", 1, 1.0, "key-1", "rules-1", (), "0.1.0")


def capture(path: Path, count: int = 1) -> Path:
    writer = CaptureWriter.create(path, INFO)
    for number in range(1, count + 1):
        one = exchange(f"e{number}", "GET", "/x", answer={"n": number}, at=float(number))
        writer.add(number, "s1", Actor("acme", "ann"), RedactedExchange(one), ())
    writer.close()
    return path


def sql(path: Path, text: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(text)
    connection.close()


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite_a_page(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    path.write_bytes(data)


def schema_of_another_program(path: Path) -> None:
    path.unlink()
    sql(path, "CREATE TABLE meta (id TEXT)")


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


TRIGGER = "CREATE TRIGGER t AFTER INSERT ON session BEGIN DELETE FROM exchange; END"
BOMB = "DROP VIEW v_exchange; CREATE VIEW v_exchange AS SELECT a.* FROM exchange a, exchange b, exchange c"

REFUSED: list[tuple[str, Callable[[Path], object], str]] = [
    ("missing", Path.unlink, "does not exist"),
    ("a pipe would block the reader", fifo, "not a regular file"),
    ("a text file", lambda path: path.write_text("hello " * 100), "no SQLite file"),
    ("an empty file", lambda path: path.write_bytes(b""), "no SQLite file"),
    ("another program's database", schema_of_another_program, "another program made this"),
    ("newer format", lambda path: sql(path, "PRAGMA user_version = 2"), "format version 2 .* written by replay 0.1.0"),
    (
        "a version in words of its own",
        lambda path: sql(path, "PRAGMA user_version = 2; UPDATE meta SET tool_version = char(27) || '[31m'"),
        "by a newer replay",
    ),
    ("a foreign trigger", lambda path: sql(path, TRIGGER), "not exactly those of a capture"),
    ("a view bomb", lambda path: sql(path, BOMB), "not exactly those of a capture"),
    ("an extra table", lambda path: sql(path, "CREATE TABLE extra (x)"), "not exactly those of a capture"),
    (
        "a virtual table",
        lambda path: sql(path, "CREATE VIRTUAL TABLE f USING fts5(x)"),
        "not exactly those of a capture",
    ),
    ("cut in half", cut_in_half, "damaged|incomplete"),
    ("a page of noise", overwrite_a_page, "damaged|not exactly"),
]


@pytest.mark.parametrize(("spoil", "words"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_what_is_not_ours_is_refused_with_one_sentence(
    tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    path = capture(tmp_path / "c.db", 200)
    spoil(path)
    with pytest.raises(FileFormatError, match=words) as caught:
        CaptureReader.open(path)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("UPDATE exchange SET request_headers = '{'", id="headers are no JSON"),
        pytest.param("UPDATE exchange SET request_headers = '[[1, 2]]'", id="headers are no text"),
        pytest.param("UPDATE exchange SET started = 'yesterday'", id="a time is text"),
        pytest.param("UPDATE exchange SET status = NULL, fault = 'boredom'", id="an unknown fault"),
        pytest.param("UPDATE exchange SET response_body = 'nowhere'", id="a body that is not there"),
        pytest.param("UPDATE exchange SET session_id = 'nobody'", id="a session that is not there"),
    ],
)
def test_rows_that_no_recorder_writes_are_a_sentence_too(tmp_path: Path, change: str) -> None:
    path = capture(tmp_path / "c.db")
    sql(path, change)
    with pytest.raises(FileFormatError, match="damaged"), CaptureReader.open(path) as reader:
        reader.sessions()


def test_an_empty_capture_opens(tmp_path: Path) -> None:
    with CaptureReader.open(capture(tmp_path / "c.db", 0)) as reader:
        assert reader.sessions() == ()
        assert reader.contents().exchanges == 0


def test_reading_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    path = capture(tmp_path / "c.db")
    before = path.read_bytes()
    with CaptureReader.open(path) as reader:
        reader.sessions()
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["c.db"]


def test_nothing_can_be_written_through_a_reader(tmp_path: Path) -> None:
    with CaptureReader.open(capture(tmp_path / "c.db")) as reader, pytest.raises(sqlite3.DatabaseError):
        reader._connection.execute("ATTACH DATABASE ':memory:' AS other")


def test_a_capture_being_recorded_shows_what_is_committed(tmp_path: Path) -> None:
    """SQLite's locks give a snapshot through the WAL beside it; the recorder goes on undisturbed."""
    writer = CaptureWriter.create(tmp_path / "c.db", INFO)
    writer.add(1, "s1", None, RedactedExchange(exchange("e1", "GET", "/x", at=1.0)), ())
    writer.commit()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        writer.add(2, "s1", None, RedactedExchange(exchange("e2", "GET", "/x", at=2.0)), ())
        writer.commit()
        assert reader.contents().exchanges == 2
        writer.close()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert reader.contents().exchanges == 2


def test_a_capture_copied_alone_in_mid_recording_opens(tmp_path: Path) -> None:
    """Its header says WAL and there is none: what was checkpointed is read, no file is made beside it."""
    writer = CaptureWriter.create(tmp_path / "c.db", INFO)
    writer.add(1, "s1", None, RedactedExchange(exchange("e1", "GET", "/x", at=1.0)), ())
    writer.commit()
    writer._connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
    (tmp_path / "copy").mkdir()
    shutil.copy(tmp_path / "c.db", tmp_path / "copy" / "c.db")
    writer.close()
    with CaptureReader.open(tmp_path / "copy" / "c.db") as reader:
        assert reader.contents().exchanges == 1
    assert [one.name for one in (tmp_path / "copy").iterdir()] == ["c.db"]


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from make import exchange
from replay.model.capture import CaptureInfo
from replay.store.capture_writer import CaptureWriter
writer = CaptureWriter.create(Path(sys.argv[1]), CaptureInfo("c", 1, 1.0, "k", "p", (), "0"))
for number in range(1, 1001):
    writer.add(number, "s1", None, exchange(f"e{number}", "GET", "/x", answer={"n": number}, at=1.0), ())
    if number % 100 == 0 and number < 1000:
        writer.commit()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_9_in_mid_write_leaves_a_sound_file(tmp_path: Path, repository: Path) -> None:
    path = tmp_path / "c.db"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), str(repository / "tests")], check=False)
    assert done.returncode == -9
    with CaptureReader.open(path) as reader:
        assert reader.contents().exchanges == 900  # the last, uncommitted batch is lost and nothing else
    writer = CaptureWriter.open_append(path, CaptureInfo("x", 1, 1.0, "k", "p", (), "0"))
    assert writer.next_number() == 901
    writer.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(lambda folder: folder / "absent" / "c.db", "its folder does not exist", id="no folder"),
        pytest.param(lambda folder: folder, "exists already", id="a folder is no file"),
        pytest.param(lambda _: Path("/proc/c.db"), "cannot be written", id="nobody may write there"),
    ],
)
def test_where_nothing_can_be_written_one_sentence_says_so(
    tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    with pytest.raises(FileFormatError, match=words):
        CaptureWriter.create(make(tmp_path), INFO)
