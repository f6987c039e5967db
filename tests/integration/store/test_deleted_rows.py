"""What is deleted from a file of ours leaves no bytes: not on free pages, not in a WAL, not in a temporary file."""

from __future__ import annotations

import os
from pathlib import Path

from replay.store.files import create_file, finish_file, open_for_update

SCHEMA = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL);"
APPLICATION, VERSION = 0x52504C43, 1
SECRET = "harbour-4711-"


def test_deleted_rows_leave_no_bytes_behind(tmp_path: Path) -> None:
    """Rows that shared a page with others, and rows that filled pages of their own."""
    path = tmp_path / "c.db"
    connection = create_file(path, SCHEMA, APPLICATION, VERSION, "capture")
    rows = [(SECRET + os.urandom(size).hex(),) for size in (10, 10, 6000, 10, 30_000)] * 20
    connection.executemany("INSERT INTO note (text) VALUES (?)", rows)
    finish_file(connection)
    assert SECRET.encode() in path.read_bytes(), "or this test could not fail"
    connection = open_for_update(path, APPLICATION, VERSION, "capture", SCHEMA)
    connection.execute("DELETE FROM note")
    connection.execute("INSERT INTO note (text) VALUES ('kept')")
    finish_file(connection)
    assert [one.name for one in tmp_path.iterdir()] == ["c.db"]
    assert SECRET.encode() not in path.read_bytes()
    assert b"kept" in path.read_bytes()
