"""A rotated capture: segments by size and time, one capture through the manifest, retention that is counted."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from make import exchange
from replay.model.capture import CaptureInfo, Loss
from replay.model.errors import FileFormatError
from replay.model.exchange import RedactedExchange
from replay.model.session import Actor
from replay.store import segments as segments_module
from replay.store.capture_reader import CaptureReader
from replay.store.capture_verify import verify
from replay.store.manifest import read_manifest
from replay.store.segment_digest import digest_of
from replay.store.segments import Rotation, SegmentedWriter, open_segments

INFO = CaptureInfo("cap1", 2, 1.0, "key-1", "rules-1", (), "0.1.0")
ANN = Actor("acme", "ann")
EACH = Rotation(rotate_bytes=1)  # a segment for each commit
NEVER = Rotation()


def start(folder: Path, rotation: Rotation = EACH, *, append: bool = False) -> SegmentedWriter:
    return open_segments(folder / "c.db", INFO, append=append, rotation=rotation)


def add(writer: SegmentedWriter, number: int, session: str = "s1", actor: Actor | None = None, at: float = -1) -> None:
    one = exchange(f"e{number}", "GET", f"/x/{number}", answer={"n": number}, at=float(number) if at < 0 else at)
    writer.add(number, session, actor, RedactedExchange(one), ())


def record(folder: Path, count: int, rotation: Rotation = EACH, *, append: bool = False) -> None:
    writer = start(folder, rotation, append=append)
    for _ in range(count):
        add(writer, writer.next_number())
        writer.commit()
    writer.close()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def numbers(folder: Path) -> list[int]:
    with CaptureReader.open(folder / "c.manifest.json") as reader:
        return [one.number for one in reader.stored()]


def test_sessions_that_span_segments_are_whole(tmp_path: Path) -> None:
    """Also when its actor becomes known in a later segment, and its exchanges end in another order than they began."""
    writer = start(tmp_path)
    writer.add_origin("m1")
    add(writer, 1, "s1", at=5.0)
    writer.commit()
    add(writer, 2, "s2", at=2.0)
    writer.add_origin("m2")
    writer.commit()
    add(writer, 3, "s1", at=1.0)
    writer.set_actor("s2", ANN)
    writer.close()
    with CaptureReader.open(tmp_path / "c.manifest.json") as reader:
        first, second = reader.sessions()
        assert list(reader.iter_sessions()) == [first, second]
        assert reader.segments == (1, 2, 3)
        assert reader.info().origins == ("m1", "m2")
        counts = [(one.actor, one.sessions, one.exchanges) for one in reader.contents().actors]
        assert [one.number for one in reader.stored()] == [1, 2, 3]
    assert (first.id, [one.id for one in first.exchanges]) == ("s1", ["e3", "e1"])
    assert (second.id, second.actor) == ("s2", ANN)
    assert counts == [(ANN, 1, 1), (None, 1, 2)]


def test_files_are_private_and_the_manifest_says_what_is_in_them(tmp_path: Path) -> None:
    """Every finished segment is one closed file with its digest; nothing else is left in the folder."""
    record(tmp_path, 2)
    assert files(tmp_path) == ["c-0001.db", "c-0002.db", "c.db", "c.manifest.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    manifest = json.loads((tmp_path / "c.manifest.json").read_text())
    assert (manifest["capture"], manifest["active"]) == ("cap1", "c.db")
    one = manifest["segments"][1]
    assert one == {
        "segment": 2, "file": "c-0002.db", "id": "cap1-0002", "first": 2.0, "last": 2.05, "exchanges": 1, "highest": 2,
        "bytes": (tmp_path / "c-0002.db").stat().st_size, "digest": digest_of(tmp_path / "c-0002.db"), "losses": [],
    }  # fmt: skip
    assert list(verify(tmp_path / "c.manifest.json")) == []


def test_numbers_and_sessions_go_on_after_a_restart(tmp_path: Path) -> None:
    """Though the active file is empty right after a rotation."""
    record(tmp_path, 2)
    writer = start(tmp_path, append=True)
    assert writer.next_number() == 3
    assert writer.capture_id == "cap1"
    add(writer, 3)
    writer.close()
    assert numbers(tmp_path) == [1, 2, 3]


def test_a_capture_that_shall_not_rotate_is_one_file(tmp_path: Path) -> None:
    record(tmp_path, 2, NEVER)
    assert files(tmp_path) == ["c.db"]


def test_a_segment_ends_when_its_time_is_up(tmp_path: Path) -> None:
    """By the clock that is passed, or else by the times of the traffic."""
    writer = start(tmp_path, Rotation(rotate_seconds=60))
    for number, at in ((1, 100.0), (2, 130.0), (3, 161.0), (4, 162.0)):
        add(writer, number, at=at)
        writer.commit()
    writer.close()
    assert [one.exchanges for one in read_manifest(tmp_path / "c.manifest.json").segments] == [3]
    clock = [200.0]
    quiet = open_segments(
        tmp_path / "c.db", INFO, append=True, rotation=Rotation(rotate_seconds=60), now=lambda: clock[0]
    )
    quiet.tend()
    assert len(files(tmp_path)) == 5  # c.db with its WAL and shared memory, one segment, the manifest
    clock[0] = 223.0
    quiet.tend()
    quiet.close()
    assert files(tmp_path) == ["c-0001.db", "c-0002.db", "c.db", "c.manifest.json"]


def test_losses_are_stated_once_over_all_segments(tmp_path: Path) -> None:
    """The proxy states absolute counts; each segment holds its share, before and after a restart."""
    writer = start(tmp_path)
    for number in (1, 2, 3):
        add(writer, number)
        writer.set_loss("dropped", "queue-full", number * 10)
        writer.count_loss("refused", "survivor")
        writer.count_loss("skipped", "sampled-out", 2)
        writer.commit()
    writer.close()
    writer = start(tmp_path, append=True)
    writer.set_loss("dropped", "queue-full", 35)
    writer.commit()
    totals = writer.totals()
    writer.close()
    assert (totals.captured, totals.refused) == (3, 3)
    assert (totals.dropped, totals.skipped) == ((("queue-full", 35),), (("sampled-out", 6),))
    with CaptureReader.open(tmp_path / "c.manifest.json") as reader:
        assert reader.losses() == (
            Loss("dropped", "queue-full", 35),
            Loss("refused", "survivor", 3),
            Loss("skipped", "sampled-out", 6),
        )


def test_what_retention_deletes_stays_counted(tmp_path: Path) -> None:
    """By size: the oldest finished segments go, the account stays whole."""
    writer = start(tmp_path)
    for number in range(1, 7):
        add(writer, number)
        writer.set_loss("dropped", "queue-full", number)
        writer.commit()
    size = (tmp_path / "c-0001.db").stat().st_size
    writer.close()
    writer = start(tmp_path, Rotation(rotate_bytes=1, keep_bytes=size * 4), append=True)
    add(writer, 7)
    writer.commit()
    totals = writer.totals()
    writer.close()
    manifest = read_manifest(tmp_path / "c.manifest.json")
    assert totals.captured == 7
    assert totals.dropped == (("queue-full", 6),)
    assert manifest.expired.through == manifest.expired.segments == manifest.expired.exchanges == 4
    assert files(tmp_path)[:3] == ["c-0005.db", "c-0006.db", "c-0007.db"]
    assert numbers(tmp_path) == [5, 6, 7]
    assert list(verify(tmp_path / "c.manifest.json")) == []
    writer = start(tmp_path, append=True)
    assert (writer.next_number(), writer.totals()) == (8, totals)
    writer.close()


def test_retention_by_age_follows_the_clock(tmp_path: Path) -> None:
    record(tmp_path, 3)
    clock = [50.0]
    rotation = Rotation(rotate_bytes=1, keep_seconds=60)
    writer = open_segments(tmp_path / "c.db", INFO, append=True, rotation=rotation, now=lambda: clock[0])
    writer.tend()
    assert numbers(tmp_path) == [1, 2, 3]
    clock[0] = 62.5
    writer.tend()
    writer.close()
    assert numbers(tmp_path) == [3]


def test_a_reader_keeps_its_snapshot_through_a_rotation(tmp_path: Path) -> None:
    """The file that it has open is renamed under it; nothing of the recording is lost either."""
    writer = start(tmp_path, Rotation(rotate_bytes=210_000))
    add(writer, 1)
    writer.commit()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        reading = reader.stored()
        assert next(reading).number == 1
        for number in range(2, 40):
            one = exchange(f"e{number}", "GET", "/x", answer={"pad": os.urandom(8000).hex()}, at=float(number))
            writer.add(number, "s1", None, RedactedExchange(one), ())
            writer.commit()
            if number == 2:
                before = reader.contents().exchanges
        assert list(reading) == []
        assert reader.contents().exchanges >= before == 2
        assert reader.segments == (1,)
    writer.close()
    assert len(files(tmp_path)) > 3
    assert numbers(tmp_path) == list(range(1, 40))


def test_a_reader_of_an_older_state_only_puts_the_rotation_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it needs pages that are not in the file yet, the file keeps its name and goes on growing."""
    monkeypatch.setattr(segments_module, "_PATIENCE", 0)
    writer = start(tmp_path)
    writer._open().add(1, "s1", None, RedactedExchange(exchange("e1", "GET", "/x", at=1.0)), ())
    writer._open().commit()
    other = sqlite3.connect(tmp_path / "c.db", isolation_level=None)
    other.execute("BEGIN")
    assert other.execute("SELECT count(*) FROM exchange").fetchone() == (1,)
    add(writer, 2)
    writer.commit()
    assert "c-0001.db" not in files(tmp_path)
    assert other.execute("SELECT count(*) FROM exchange").fetchone() == (1,)
    other.close()
    add(writer, 3)
    writer.commit()
    writer.close()
    assert "c-0001.db" in files(tmp_path)
    assert numbers(tmp_path) == [1, 2, 3]


def test_a_shell_that_deletes_our_wal_costs_nothing(tmp_path: Path) -> None:
    """Who had the earlier file open for writing removes, when closing it, the WAL that now has its name."""
    writer = start(tmp_path, Rotation(rotate_bytes=210_000))
    add(writer, 1)
    writer.commit()
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"c.db{suffix}").unlink()
    add(writer, 2)
    writer.commit()
    add(writer, 3)
    writer.commit()
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert reader.contents().exchanges == 3
    writer.close()


def test_a_new_recording_does_not_take_over_old_segments(tmp_path: Path) -> None:
    record(tmp_path, 2)
    (tmp_path / "c.db").unlink()
    with pytest.raises(FileFormatError, match=r"c\.manifest\.json exists already"):
        start(tmp_path)
    (tmp_path / "c.manifest.json").unlink()
    with pytest.raises(FileFormatError, match=r"c-0001\.db exists already"):
        start(tmp_path)


def test_another_key_may_not_go_on(tmp_path: Path) -> None:
    record(tmp_path, 2)
    other = CaptureInfo("x", 2, 1.0, "key-2", "rules-1", (), "0.1.0")
    with pytest.raises(FileFormatError, match="another key"):
        open_segments(tmp_path / "c.db", other, append=True, rotation=EACH)
    (tmp_path / "c.manifest.json").unlink()
    with pytest.raises(FileFormatError, match=r"c-0001\.db is no segment 1 of this capture"):
        open_segments(tmp_path / "c.db", other, append=True, rotation=EACH)


def test_verify_sees_a_segment_that_was_changed(tmp_path: Path) -> None:
    """Its digest is in the manifest."""
    record(tmp_path, 2)
    connection = sqlite3.connect(tmp_path / "c-0001.db")
    connection.execute("UPDATE meta SET tool_version = '9'")
    connection.commit()
    connection.close()
    (problem,) = verify(tmp_path / "c.manifest.json")
    assert problem.file.name == "c-0001.db"
    assert "changed after it was finished" in problem.what


@pytest.mark.parametrize("kind", ["text", "sqlite", "capture"])
def test_a_strangers_file_where_the_next_one_is_prepared_is_moved_aside(kind: str, tmp_path: Path) -> None:
    """At the start and amid a recording: what replay did not make, or what holds exchanges, is never removed."""

    def put(where: Path) -> bytes:
        if kind == "text":
            where.write_text("mine")
        elif kind == "sqlite":
            with closing(sqlite3.connect(where)) as connection:
                connection.executescript("CREATE TABLE mine (id); INSERT INTO mine VALUES (1)")
        else:
            where.parent.joinpath("other").mkdir(exist_ok=True)
            record(where.parent / "other", 1, NEVER)
            (where.parent / "other" / "c.db").rename(where)
        return where.read_bytes()

    record(tmp_path, 2)
    first = put(tmp_path / "c.next.db")
    writer = start(tmp_path, append=True)
    assert (tmp_path / "c.next.aside-1.db").read_bytes() == first
    second = put(tmp_path / "c.next.db")
    for _ in range(2):
        add(writer, writer.next_number())
        writer.commit()
    writer.close()
    assert (tmp_path / "c.next.aside-2.db").read_bytes() == second
    assert not (tmp_path / "c.next.db").exists()
    assert numbers(tmp_path) == [1, 2, 3, 4]
