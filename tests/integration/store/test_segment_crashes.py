"""kill -9 between any two steps of a rotation or of retention: the next start heals, and nothing committed is lost."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from make import exchange
from replay.model.capture import CaptureInfo
from replay.model.exchange import RedactedExchange
from replay.store import segments as segments_module
from replay.store.capture_reader import CaptureReader
from replay.store.capture_verify import verify
from replay.store.capture_writer import CaptureWriter
from replay.store.manifest import read_manifest
from replay.store.segments import Rotation, SegmentedWriter, open_segments

INFO = CaptureInfo("cap1", 2, 1.0, "key-1", "rules-1", (), "0.1.0")
EACH = Rotation(rotate_bytes=1)
ALLOWED = re.compile(r"c\.db|c-\d{4}\.db|c\.manifest\.json")

# One child a step: it dies at the n-th call of anything that touches a file's name, or closes or opens a capture.
KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from make import exchange
from replay.model.capture import CaptureInfo
from replay.store import segments
from replay.store.capture_writer import CaptureWriter
from replay.store.segments import Rotation, open_segments

def work(folder, step):
    left = [step]
    def dying(call):
        def die(*args, **named):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **named)
        return die
    info = CaptureInfo("cap1", 2, 1.0, "key-1", "rules-1", (), "0.1.0")
    rotation = Rotation(rotate_bytes=1, keep_bytes=400_000)
    writer = open_segments(folder / "c.db", info, append=False, rotation=rotation)
    for name in ("rename", "replace", "unlink"):
        setattr(Path, name, dying(getattr(Path, name)))
    for name in ("settle", "close", "hand_over"):
        setattr(CaptureWriter, name, dying(getattr(CaptureWriter, name)))
    segments.write_manifest = dying(segments.write_manifest)
    segments.sync_folder = dying(segments.sync_folder)
    for number in (1, 2, 3):
        writer.add(number, "s1", None, exchange(f"e{number}", "GET", "/x", answer={"n": number}, at=float(number)), ())
        writer._open().commit()
        (folder.parent / f"{folder.name}.stored").write_text(str(number))
        writer.commit()

for step in range(200):
    folder = Path(sys.argv[1]) / str(step)
    folder.mkdir()
    child = os.fork()
    if child == 0:
        work(folder, step)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
"""


@pytest.fixture(scope="module")
def died(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("died")
    subprocess.run([sys.executable, "-c", KILLED, str(folder), str(repository / "tests")], check=True, timeout=120)
    yield folder
    shutil.rmtree(folder)


def add(writer: SegmentedWriter | CaptureWriter, number: int) -> None:
    one = exchange(f"e{number}", "GET", "/x", answer={"n": number}, at=float(number))
    writer.add(number, "s1", None, RedactedExchange(one), ())


def fill(writer: SegmentedWriter) -> None:
    for number in range(1, 200):
        one = exchange(f"e{number}", "GET", "/x", answer={"pad": os.urandom(900).hex()}, at=float(number))
        writer.add(number, "s1", None, RedactedExchange(one), ())
    writer.commit()


def folders(died: Path) -> list[Path]:
    return sorted((path for path in died.iterdir() if path.is_dir()), key=lambda path: int(path.name))


def test_every_step_was_killed_once(died: Path) -> None:
    """Else the other tests here would prove nothing."""
    assert len(folders(died)) > 40


def test_a_reader_sees_everything_before_anything_is_healed(died: Path) -> None:
    """Through the manifest, right after the kill."""
    for folder in folders(died):
        stored = int((died / f"{folder.name}.stored").read_text()) if (died / f"{folder.name}.stored").exists() else 0
        if stored == 0:
            continue
        with CaptureReader.open(folder / "c.manifest.json") as reader:
            numbers = [one.number for one in reader.stored()]
            assert numbers == list(range(reader.expired.highest + 1, stored + 1)), folder.name


def test_the_next_start_heals_and_goes_on(died: Path, tmp_path: Path) -> None:
    """Nothing committed is missing, the account is whole, and no odd file stays."""
    for folder in folders(died):
        shutil.copytree(folder, tmp_path / folder.name)
        here = tmp_path / folder.name
        said = died / f"{folder.name}.stored"
        stored = int(said.read_text()) if said.exists() else 0
        writer = open_segments(here / "c.db", INFO, append=True, rotation=Rotation(rotate_bytes=1, keep_bytes=400_000))
        captured, number = writer.totals().captured, writer.next_number()
        add(writer, number)
        writer.close()
        assert stored <= captured == number - 1, folder.name
        assert [path.name for path in here.iterdir() if not ALLOWED.fullmatch(path.name)] == [], folder.name
        with CaptureReader.open(here / "c.manifest.json") as reader:
            assert [one.number for one in reader.stored()] == list(range(reader.expired.highest + 1, number + 1))
            assert reader.expired.exchanges == reader.expired.highest
        assert [str(one) for one in verify(here / "c.manifest.json")] == [], folder.name
        assert all(one.digest for one in read_manifest(here / "c.manifest.json").segments)


FAILING = [
    ("the next file cannot be made", CaptureWriter, "hand_over"),
    ("settling fails", CaptureWriter, "settle"),
    ("the file cannot be renamed", Path, "rename"),
    ("the folder cannot be synced", segments_module, "sync_folder"),
    ("the manifest cannot be written", segments_module, "write_manifest"),
]


@pytest.mark.parametrize(("place", "name"), [pytest.param(*row[1:], id=row[0]) for row in FAILING])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_rotation_that_fails_loses_no_row(
    place: object, name: str, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk refuses something once or several times: recording goes on, and rotates when it can."""
    monkeypatch.setattr(segments_module, "_PATIENCE", 1)
    writer = open_segments(tmp_path / "c.db", INFO, append=False, rotation=EACH)
    real, left = getattr(place, name), [times]

    def failing(*args: object, **named: object) -> object:
        left[0] -= 1
        if left[0] >= 0:
            raise OSError(28, "No space left on device")
        return real(*args, **named)

    monkeypatch.setattr(place, name, failing)
    stored = 0
    for number in range(1, 12):
        try:
            add(writer, number)
            writer.commit()
        except OSError:
            writer.rollback()
        else:
            stored += 1
    assert left[0] < 0
    assert writer.totals().captured == stored >= 10
    writer.close()
    with CaptureReader.open(tmp_path / "c.manifest.json") as reader:
        assert len(list(reader.stored())) == stored
        assert len(reader.segments) > 3
    assert list(verify(tmp_path / "c.manifest.json")) == []


def test_a_disk_that_refuses_the_next_file_raises_at_the_next_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When no file can be opened at all, the caller is told for each row, and once it can be, all goes on."""
    writer = open_segments(tmp_path / "c.db", INFO, append=False, rotation=EACH)
    add(writer, 1)
    real = CaptureWriter.open_append

    def refusing(path: Path, info: CaptureInfo, *_: object) -> CaptureWriter:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(CaptureWriter, "open_append", refusing)
    writer.commit()  # the rotation fails half way, the row is safe
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            add(writer, 2)
        writer.rollback()
    monkeypatch.setattr(CaptureWriter, "open_append", real)
    add(writer, 2)
    writer.close()
    with CaptureReader.open(tmp_path / "c.manifest.json") as reader:
        assert [one.number for one in reader.stored()] == [1, 2]


def test_a_full_disk_in_commit_is_raised_and_rolled_back(tmp_path: Path) -> None:
    """SQLite says that the file may not grow: the batch is not stored, smaller ones are when there is room again."""
    writer = open_segments(tmp_path / "c.db", INFO, append=False, rotation=Rotation())
    inner = writer._open()
    pages = inner._connection.execute("PRAGMA page_count").fetchone()[0]
    inner._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        fill(writer)
    writer.rollback()
    inner._connection.execute("PRAGMA max_page_count = 100000")
    add(writer, 1)
    writer.commit()
    assert writer.totals().captured == 1
    writer.close()
    assert list(verify(tmp_path / "c.db")) == []


@pytest.mark.parametrize("gone", ["c-0001.db", "c-0002.db"])
def test_a_segment_that_somebody_deleted_counts_as_deleted(tmp_path: Path, gone: str) -> None:
    """The recorder goes on; a reader says that it is missing until then."""
    writer = open_segments(tmp_path / "c.db", INFO, append=False, rotation=EACH)
    for number in (1, 2, 3):
        add(writer, number)
        writer.commit()
    writer.close()
    (tmp_path / gone).unlink()
    assert "missing" in next(verify(tmp_path / "c.manifest.json")).what
    writer = open_segments(tmp_path / "c.db", INFO, append=True, rotation=EACH)
    assert writer.totals().captured == 3
    writer.close()
    with CaptureReader.open(tmp_path / "c.manifest.json") as reader:
        assert len(list(reader.stored())) == 2
        assert reader.expired.exchanges == 1
