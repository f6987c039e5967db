"""A capture from a stranger: opened when it is exactly ours, else refused with one sentence; nothing in it runs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from make import exchange
from replay.model.capture import CaptureInfo
from replay.model.errors import FileFormatError
from replay.model.exchange import RedactedExchange
from replay.model.session import Actor
from replay.store import capture_file, capture_reader
from replay.store.capture_reader import CaptureReader
from replay.store.capture_verify import verify
from replay.store.capture_writer import CaptureWriter
from replay.store.files import Checks

INFO = CaptureInfo("cap1", 2, 1.0, "key-1", "rules-1", (), "0.1.0")


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
    ("newer format", lambda path: sql(path, "PRAGMA user_version = 4"), "format version 4 .* written by replay 0.1.0"),
    (
        "an older format",
        lambda path: sql(path, "PRAGMA user_version = 1"),
        "format version 1 and this replay reads 2 and 3",
    ),
    (
        "a version in words of its own",
        lambda path: sql(path, "PRAGMA user_version = 4; UPDATE meta SET tool_version = char(27) || '[31m'"),
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


BOMB_FRAME = zstandard.ZstdCompressor().compress(bytes(64 << 20))  # 64 MiB of zeros in 6 KB
HUGE_CLAIM = b"\x28\xb5\x2f\xfd\xe0" + (1 << 62).to_bytes(8, "little") + b"\x01\x00\x00"  # RFC 8878 section 3.1.1
SHORT_FRAME = zstandard.ZstdCompressor().compress(b"x" * 100)
NO_SIZE = zstandard.ZstdCompressor(write_content_size=False).compress(b"x" * 100)
FORGED: list[tuple[str, str]] = [
    ("headers are no JSON", "UPDATE exchange SET packing = -1, headers = x'7b'"),
    ("headers are no text", "UPDATE exchange SET packing = -1, headers = CAST('[[[1.5, 2.5]], [], []]' AS BLOB)"),
    (
        "headers name a term that is not there",
        "UPDATE exchange SET packing = -1, headers = x'5b5b5b2261222c3939395d5d5d'",
    ),
    ("two blocks of headers", "UPDATE exchange SET packing = -1, headers = x'5b5b5d2c5b5d5d'"),
    (
        "headers nested for ever",
        "UPDATE exchange SET packing = -1, headers = CAST(replace(hex(zeroblob(50000)), '00', '[') AS BLOB)",
    ),
    ("a time is text", "UPDATE exchange SET started = 'yesterday'"),
    ("a time never comes", "UPDATE exchange SET ended = 9e999"),
    ("an unknown fault", "UPDATE exchange SET status = NULL, fault = 'boredom'"),
    ("neither status nor fault", "UPDATE exchange SET status = NULL"),
    ("a status of six digits", "UPDATE exchange SET status = 200200"),
    ("a negative status", "UPDATE exchange SET status = -1"),
    ("a body that is not there", "UPDATE exchange SET response_body = 4711"),
    ("a body by text", "UPDATE exchange SET response_body = 'nowhere'"),
    ("a negative body", "UPDATE exchange SET response_body = -1"),
    ("a negative size", "UPDATE exchange SET response_bytes = -2"),
    ("a size of an exabyte", "UPDATE exchange SET response_bytes = 1 << 60"),
    ("a flag of 7", "UPDATE exchange SET response_truncated = 7"),
    ("no session", "UPDATE exchange SET session_id = 4711"),
    ("no endpoint", "UPDATE exchange SET endpoint_id = 4711"),
    ("no connection", "UPDATE exchange SET connection = 4711"),
    ("more messages than there are", "UPDATE exchange SET messages = 1"),
    ("millions of messages", "UPDATE exchange SET messages = 1 << 40"),
    (
        "a message out of order",
        "UPDATE exchange SET messages = 1; INSERT INTO message VALUES (1, 5, 1, 1.0, NULL, -1, 0)",
    ),
    (
        "a message from nobody",
        "UPDATE exchange SET messages = 1; INSERT INTO message VALUES (1, 0, 3, 1.0, NULL, -1, 0)",
    ),
    ("a digest that lies", "UPDATE body SET digest = zeroblob(16)"),
    ("a size that lies", "UPDATE body SET bytes = bytes + 1"),
    ("a size of gigabytes", "UPDATE body SET bytes = 1 << 40"),
    ("a negative size of a body", "UPDATE body SET bytes = -5"),
    ("a packing that is none", "UPDATE body SET packing = -7"),
    ("a dictionary that is not there", "UPDATE body SET packing = 3"),
    (
        "a dictionary of noise",
        "INSERT INTO dictionary VALUES (3, x'37a430ec00112233445566'); UPDATE body SET packing = 3",
    ),
    ("an empty dictionary", "INSERT INTO dictionary VALUES (3, x''); UPDATE body SET packing = 3"),
    ("a body that is no frame", "UPDATE body SET packing = 0, data = x'001122'"),
    ("an empty frame", "UPDATE body SET packing = 0, data = x''"),
    ("a frame of zeros without end", f"UPDATE body SET packing = 0, data = x'{BOMB_FRAME.hex()}'"),
    ("a frame that claims exabytes", f"UPDATE body SET packing = 0, data = x'{HUGE_CLAIM.hex()}'"),
    ("a frame of another size", f"UPDATE body SET packing = 0, bytes = 99, data = x'{SHORT_FRAME.hex()}'"),
    ("a frame without a size", f"UPDATE body SET packing = 0, bytes = 100, data = x'{NO_SIZE.hex()}'"),
    ("bytes behind a frame", f"UPDATE body SET packing = 0, bytes = 100, data = x'{SHORT_FRAME.hex()}00'"),
    ("headers of zeros without end", f"UPDATE exchange SET packing = 0, headers = x'{BOMB_FRAME.hex()}'"),
    ("text as a body", "UPDATE body SET data = 'x'"),
    ("text that is no UTF-8", "UPDATE exchange SET target = CAST(x'2fff1bfe' AS TEXT)"),
    ("a term of bytes", "UPDATE term SET text = x'ff'"),
]


@pytest.mark.parametrize("whole", [True, False], ids=["small", "as if it were large"])
@pytest.mark.parametrize("change", [pytest.param(row[1], id=row[0]) for row in FORGED])
def test_rows_that_no_recorder_writes_are_a_sentence_too(
    tmp_path: Path, change: str, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in a file that is too large to be looked through at opening: then its rows say it when they are read."""
    if not whole:
        monkeypatch.setattr(capture_file, "CAPTURE_CHECKS", Checks(cell_bytes=8 << 20, whole_below_bytes=0))
    path = capture(tmp_path / "c.db")
    sql(path, f"PRAGMA foreign_keys = OFF; {change}")
    for read in (
        CaptureReader.sessions,
        lambda reader: list(reader.stored()),
        lambda reader: list(reader.iter_sessions()),
    ):
        with pytest.raises(FileFormatError, match="damaged") as caught, CaptureReader.open(path) as reader:
            read(reader)
        assert "\n" not in str(caught.value)
    assert list(verify(path)) != []


@pytest.mark.parametrize("count", [0, -1])
def test_a_session_that_hides_its_exchanges_is_a_sentence(tmp_path: Path, count: int) -> None:
    """Players go by sessions: one that counts no exchange must not make them disappear."""
    path = capture(tmp_path / "c.db")
    sql(path, f"UPDATE session SET exchanges = {count}")
    with pytest.raises(FileFormatError, match="damaged"), CaptureReader.open(path) as reader:
        reader.sessions()


COUNTS: list[tuple[str, str]] = [
    ("a negative count", "UPDATE tally SET exchanges = -4"),
    ("a count in words", "UPDATE tally SET exchanges = 'many'"),
    ("a tally of no endpoint", "UPDATE tally SET endpoint_id = 4711"),
    ("a time that never comes", "UPDATE tally SET last = 9e999"),
    ("an outcome of a megabyte", "UPDATE tally SET outcome = replace(hex(zeroblob(500000)), '00', 'ab')"),
    ("a volume below nothing", "UPDATE volume SET packed = -1"),
    ("a loss of an unknown kind", "INSERT INTO loss VALUES ('stolen', 'x', 1)"),
    ("a loss below nothing", "INSERT INTO loss VALUES ('dropped', 'x', -1)"),
    ("origins that are no JSON", "UPDATE meta SET origins = '['"),
    ("origins that are no texts", "UPDATE meta SET origins = '[1]'"),
    ("origins that are none", "UPDATE meta SET origins = '7'"),
    ("a segment below one", "UPDATE meta SET segment = 0"),
    ("no meta", "DELETE FROM meta"),
]


@pytest.mark.parametrize("change", [pytest.param(row[1], id=row[0]) for row in COUNTS])
def test_counts_that_no_recorder_writes_are_a_sentence(
    tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lists are made of is looked at as well."""
    monkeypatch.setattr(capture_file, "CAPTURE_CHECKS", Checks(cell_bytes=8 << 20, whole_below_bytes=0))
    path = capture(tmp_path / "c.db")
    sql(path, f"PRAGMA foreign_keys = OFF; {change}")
    with pytest.raises(FileFormatError, match="damaged"), CaptureReader.open(path) as reader:
        reader.contents(), reader.size(), reader.losses(), reader.info()


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    """64 MiB of zeros in 6 KB: refused by what the frame claims, before memory is taken for it."""
    path = capture(tmp_path / "c.db")
    sql(path, f"UPDATE body SET packing = 0, bytes = {64 << 20}, data = x'{BOMB_FRAME.hex()}'")
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError), CaptureReader.open(path) as reader:
            reader.sessions()
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_more_bodies_than_memory_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A player holds every session; a capture that would not fit is refused with what to do."""
    monkeypatch.setattr(capture_reader, "_MOST_BYTES_AT_ONCE", 50)
    with CaptureReader.open(capture(tmp_path / "c.db", 20)) as reader:
        with pytest.raises(FileFormatError, match="split it"):
            reader.sessions()
        assert sum(len(one.exchanges) for one in reader.iter_sessions()) == 20


def test_a_damaged_body_in_a_large_capture_hides_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening and counting do not look at bodies; `verify` names the row."""
    monkeypatch.setattr(capture_file, "CAPTURE_CHECKS", Checks(cell_bytes=8 << 20, whole_below_bytes=0))
    path = capture(tmp_path / "c.db", 30)
    sql(path, "UPDATE body SET digest = zeroblob(16) WHERE id = 7")
    with CaptureReader.open(path) as reader:
        assert reader.contents().exchanges == 30
        with pytest.raises(FileFormatError, match="damaged"):
            reader.sessions()
    assert [one.what for one in verify(path)] == [
        "table body, row 7: it is damaged, or not what its digest says",
        "table exchange, row 7: it cannot be read",
    ]


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
        reader._parts[0].connection.execute("ATTACH DATABASE ':memory:' AS other")


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
