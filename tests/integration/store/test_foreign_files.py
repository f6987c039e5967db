"""Files that belong to somebody else: no forged manifest, no wrong name on the command line deletes or changes them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from make import exchange
from replay.model.capture import CaptureInfo
from replay.model.errors import FileFormatError
from replay.model.exchange import RedactedExchange
from replay.store import files as files_module
from replay.store.capture_reader import CaptureReader
from replay.store.capture_schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA
from replay.store.capture_writer import CaptureWriter
from replay.store.files import open_for_update
from replay.store.manifest import read_manifest
from replay.store.segments import Rotation, SegmentedWriter, open_segments

EACH = Rotation(rotate_bytes=1)
KEEP_A_DAY = Rotation(rotate_bytes=1 << 20, keep_seconds=86_400)
YEARS_LATER = 1e9  # seconds; the exchanges here are of second 1 to 3
Document = dict[str, Any]


def info(name: str) -> CaptureInfo:
    return CaptureInfo(name, 2, 1.0, "key-1", "rules-1", (), "0.1.0")


def recorded(folder: Path, name: str = "cap1", rotation: Rotation = EACH) -> Path:
    """c.db and, when it rotates, c-0001.db to c-0003.db with one exchange each, and a manifest."""
    folder.mkdir()
    writer = open_segments(folder / "c.db", info(name), append=False, rotation=rotation)
    for number in (1, 2, 3):
        writer.add(number, "s1", None, RedactedExchange(exchange(f"e{number}", "GET", "/x", at=float(number))), ())
        writer.commit()
    writer.close()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return recorded(tmp_path / "own")


def go_on(folder: Path) -> SegmentedWriter:
    return open_segments(folder / "c.db", info("other"), append=True, rotation=KEEP_A_DAY, now=lambda: YEARS_LATER)


def forge(folder: Path, change: Callable[[Document], None]) -> None:
    path = folder / "c.manifest.json"
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def name_a_neighbour(found: Document) -> None:
    found["segments"][0]["file"] = "precious.txt"


def name_another_number(found: Document) -> None:
    found["segments"][1]["file"] = "c-0007.db"


def expect_nothing(found: Document) -> None:
    found["expired"]["through"] = 1


def of_another_capture(found: Document) -> None:
    found["capture"] = "cap2"


def segment_of_another_capture(found: Document) -> None:
    found["segments"][0]["id"] = "cap2-0001"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(name_a_neighbour, "damaged: it is no manifest", id="a file of somebody else"),
        pytest.param(name_another_number, "damaged: it is no manifest", id="the name of another segment"),
        pytest.param(expect_nothing, "damaged: it is no manifest", id="a segment that was deleted"),
        pytest.param(of_another_capture, "is of another capture than", id="another capture"),
        pytest.param(segment_of_another_capture, "is of another capture than", id="a segment of another capture"),
    ],
)
def test_a_forged_manifest_is_refused_and_nothing_is_touched(
    folder: Path, change: Callable[[Document], None], words: str
) -> None:
    """Not even with a retention that finds everything too old."""
    for name in ("precious.txt", "c-0007.db"):
        (folder / name).write_text("mine")
    forge(folder, change)
    before = contents(folder)
    with pytest.raises(FileFormatError, match=words) as caught:
        go_on(folder)
    assert str(caught.value).isprintable()
    after = contents(folder)
    assert len(after.pop("c.db")) == len(before.pop("c.db"))  # ours: it was open for writing, SQLite counts that
    assert after == before


def another_capture(path: Path) -> None:
    shutil.copy(recorded(path.parents[1] / "other", "cap2") / "c-0002.db", path)


def another_segment(path: Path) -> None:
    shutil.copy(path.with_name("c.db"), path)


def another_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.close()


def a_link(path: Path) -> None:
    path.symlink_to(path.with_name("c-0001.db"))


IN_THE_WAY = [another_capture, another_segment, another_program, a_link, lambda path: path.write_text("mine")]


@pytest.mark.parametrize("make", IN_THE_WAY, ids=["capture", "segment", "program", "link", "text"])
def test_a_file_under_the_name_of_a_deleted_segment_stays(folder: Path, make: Callable[[Path], object]) -> None:
    """The manifest says that all segments up to 5 are gone; only those that say that they are ours are removed."""
    ours = folder / "c-0001.db"
    stranger = folder / "c-0005.db"
    make(stranger)
    kept = stranger.read_bytes()
    forge(folder, lambda found: found.update(segments=[], expired=found["expired"] | {"through": 5}))
    go_on(folder).close()
    assert not ours.exists()
    assert stranger.is_symlink() if make is a_link else stranger.read_bytes() == kept


def test_retention_leaves_a_file_that_took_a_segments_place(folder: Path) -> None:
    """Exchanged while the recorder was running, before the segment became too old."""
    writer = go_on(folder)
    (folder / "c-0002.db").unlink()
    (folder / "c-0002.db").write_text("mine")
    writer.commit()
    writer.close()
    assert not (folder / "c-0001.db").exists()
    assert (folder / "c-0002.db").read_text() == "mine"
    assert read_manifest(folder / "c.manifest.json").expired.through == 3


def test_a_segment_of_another_capture_is_not_taken_in(folder: Path) -> None:
    """It has the number that follows, and was recorded with the same key."""
    forge(folder, lambda found: found["segments"].pop())
    (recorded(folder.parent / "other", "cap2") / "c-0003.db").replace(folder / "c-0003.db")
    with pytest.raises(FileFormatError, match=r"c-0003\.db is of another capture than"):
        go_on(folder)


def test_a_pipe_in_a_segments_place_is_refused_at_the_start(folder: Path) -> None:
    """Its digest is missing, so the recorder would read it, for ever."""
    forge(folder, lambda found: found["segments"][0].update(digest=""))
    (folder / "c-0001.db").unlink()
    os.mkfifo(folder / "c-0001.db")
    with pytest.raises(FileFormatError, match="not a regular file"):
        go_on(folder)


def run_file(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE run (id TEXT); PRAGMA application_id = 0x52504C52; PRAGMA user_version = 1")
    connection.close()


def another_version(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(f"{SCHEMA}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 999")
    connection.close()


def another_schema(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(
        f"CREATE TABLE t (x); PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION}"
    )
    connection.close()


def interrupted(path: Path, statement: str) -> None:
    """Killed inside a transaction that had reached the file: its journal is left, and is needed."""
    text = (
        "import os, signal, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA cache_size = 1')\n"
        "connection.execute('PRAGMA cache_spill = 1')\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        f"connection.execute({statement!r})\n"
        "connection.execute('CREATE TABLE spill (x)')\n"
        "connection.executemany('INSERT INTO spill VALUES (zeroblob(9000))', [()] * 50)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", text, str(path)], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert path.with_name(path.name + "-journal").stat().st_size > 512


def another_program_interrupted(path: Path) -> None:
    another_program(path)
    interrupted(path, "INSERT INTO t VALUES (1)")


FOREIGN = [another_program, run_file, another_version, another_schema, another_program_interrupted]


@pytest.mark.parametrize("make", FOREIGN, ids=["program", "run", "version", "schema", "interrupted"])
def test_append_does_not_change_a_file_that_it_refuses(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """Not its journal mode either, and no companion is left beside it."""
    make(tmp_path / "app.db")
    before = contents(tmp_path)
    with pytest.raises(FileFormatError):
        open_segments(tmp_path / "app.db", info("cap1"), append=True, rotation=Rotation())
    assert contents(tmp_path) == before


def test_a_file_is_checked_again_when_it_is_open_for_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may exchange it between the two."""
    path = recorded(tmp_path / "own", rotation=Rotation()) / "c.db"
    real = files_module._open_writable

    def exchanged(wanted: Path, page_bytes: int = 0) -> sqlite3.Connection:
        wanted.unlink()
        another_program(wanted)
        return real(wanted, page_bytes)

    monkeypatch.setattr(files_module, "_open_writable", exchanged)
    with pytest.raises(FileFormatError, match="another program made"):
        open_for_update(path, APPLICATION_ID, FORMAT_VERSION, "capture", SCHEMA)


def test_a_capture_that_was_killed_with_a_journal_is_healed(tmp_path: Path) -> None:
    """As it is for a moment when its file is taken into WAL mode or out of it."""
    path = recorded(tmp_path / "own", rotation=Rotation()) / "c.db"
    interrupted(path, "DELETE FROM exchange")
    writer = CaptureWriter.open_append(path, info("other"))
    assert writer.totals().captured == 3
    writer.close()
    assert sorted(contents(path.parent)) == ["c.db"]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def plug(path: Path) -> None:
    """Bound by a short name: that of a socket ends at 107 characters."""
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.open(path.parent, os.O_RDONLY)
        try:
            bound.bind(f"/proc/self/fd/{here}/{path.name}")
        finally:
            os.close(here)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [pipe, plug, device, Path.mkdir], ids=["pipe", "socket", "device", "folder"])
def test_a_manifest_that_is_no_file_is_one_sentence(folder: Path, make: Callable[[Path], None]) -> None:
    """For readers and recorders; the commands end, too (a process, since what blocks cannot be interrupted here)."""
    path = folder / "c.manifest.json"
    path.unlink()
    make(path)
    for command in (["inspect", path], ["capture", "ls", path], ["capture", "verify", path]):
        words = [sys.executable, "-m", "replay", *map(str, command)]
        ended = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
        said = ended.stdout + ended.stderr
        assert "Traceback" not in said
        assert path.is_dir() or "c.manifest.json is not a regular file" in said
    with pytest.raises(FileFormatError, match=r"c\.manifest\.json is not a regular file"):
        go_on(folder)
    with pytest.raises(FileFormatError, match=r"c\.manifest\.json is not a regular file"):
        CaptureReader.open(path)


def test_a_pipe_that_takes_a_manifests_place_does_not_block(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at it and its opening: here the look is made to see the file that was there."""
    path = folder / "c.manifest.json"
    before = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda *_, **__: before)
    with pytest.raises(FileFormatError, match="is not a regular file"):
        read_manifest(path)


def test_a_manifest_behind_a_link_is_read(folder: Path) -> None:
    """A link to a regular file is one more name of it."""
    (folder / "latest.manifest.json").symlink_to("c.manifest.json")
    with CaptureReader.open(folder / "latest.manifest.json") as reader:
        assert [one.number for one in reader.stored()] == [1, 2, 3]
