"""A capture opens and lists at the same cost however many exchanges it holds: measured in steps of SQLite, not in time.

(A million exchanges in a hundred thousand sessions, 1.3 GB: opened and listed in 0.3 s on one core.)
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from make import exchange
from replay.model.capture import CaptureInfo
from replay.model.exchange import RedactedExchange
from replay.model.session import Actor
from replay.store import capture_file
from replay.store.capture_reader import CaptureReader
from replay.store.capture_writer import CaptureWriter
from replay.store.files import Checks

SESSIONS = 200
COLUMNS = (
    "session_id, started, ended, endpoint_id, connection, scheme, host, target, request_body, request_bytes,"
    " request_truncated, status, response_body, response_bytes, response_truncated, fault, fault_detail, messages,"
    " packing, headers"
)


def capture(path: Path, times: int) -> Path:
    """`times` exchanges in each session: one through the writer, the others copied by SQL, counts included."""
    writer = CaptureWriter.create(path, CaptureInfo("cap1", 2, 1.0, "key-1", "rules-1", (), "0.1.0"))
    for number in range(1, SESSIONS + 1):
        one = exchange(f"e{number}", "GET", f"/x/{number}", answer={"n": number}, at=float(number))
        writer.add(number, f"s{number}", Actor("acme", f"p{number % 9}"), RedactedExchange(one), ())
    writer.close()
    connection = sqlite3.connect(path)
    for copy in range(1, times):
        connection.execute(
            f"INSERT INTO exchange (number, id, {COLUMNS})"
            f" SELECT number + :by, 'e' || (number + :by), {COLUMNS} FROM exchange WHERE number <= {SESSIONS}",
            {"by": copy * SESSIONS},
        )
    connection.execute("UPDATE tally SET exchanges = exchanges * ?", (times,))
    connection.execute("UPDATE session SET exchanges = exchanges * ?", (times,))
    connection.commit()
    connection.close()
    return path


def steps_to_list(path: Path) -> int:
    """Hundreds of steps of SQLite's machine for everything that a list shows."""
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    with CaptureReader.open(path) as reader:
        reader._parts[0].connection.set_progress_handler(count, 100)
        contents = reader.contents()
        reader.size(), reader.losses(), reader.info(), reader.redacted_fields()
        assert contents.sessions == SESSIONS
        assert contents.exchanges == sum(count for _, count in contents.statuses)
    return counted[0]


def test_listing_costs_the_same_for_a_hundred_times_the_exchanges(tmp_path: Path) -> None:
    """Lists are made of counts that the writer keeps."""
    small, large = capture(tmp_path / "small.db", 1), capture(tmp_path / "large.db", 100)
    assert 0 < steps_to_list(large) <= steps_to_list(small) + 2


def test_a_large_file_is_not_read_through_at_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged page is met by whoever reads what stands on it; verify finds all. A small file is refused at once."""
    path = capture(tmp_path / "c.db", 100)
    connection = sqlite3.connect(path)
    root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'exchange_session'").fetchone()[0]
    connection.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * 8192)
        file.write(b"\xff" * 8192)
    with pytest.raises(capture_file.FileFormatError, match="damaged"):
        CaptureReader.open(path)
    monkeypatch.setattr(capture_file, "CAPTURE_CHECKS", Checks(cell_bytes=8 << 20, whole_below_bytes=0))
    with CaptureReader.open(path) as reader:
        assert reader.contents().exchanges == SESSIONS * 100
        with pytest.raises(capture_file.FileFormatError, match="damaged"):
            reader.sessions()


def test_sessions_come_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for the first one reads its exchanges and no others."""
    read = []
    real = capture_file.CaptureFile.of_session
    monkeypatch.setattr(capture_file.CaptureFile, "of_session", lambda self, row: read.append(row) or real(self, row))
    with CaptureReader.open(capture(tmp_path / "c.db", 20)) as reader:
        sessions = reader.iter_sessions()
        assert len(next(sessions).exchanges) == 20
        assert read == [1]
        sessions.close()
