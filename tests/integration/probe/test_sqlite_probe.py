"""The SQLite probe beside a real owner: another connection, or another process, writes the file."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from replay.model.errors import ProbeError
from replay.model.reading import Operation, RowChange
from replay.probe.sqlite import SqliteProbe

SCHEMA = """
CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT, n INTEGER, made TEXT DEFAULT CURRENT_TIMESTAMP,
                   size INTEGER GENERATED ALWAYS AS (length(text)) VIRTUAL);
CREATE TABLE tag (name TEXT COLLATE NOCASE PRIMARY KEY, n INTEGER);
CREATE TABLE seat (room TEXT, place INTEGER, who TEXT, PRIMARY KEY (room, place));
CREATE TABLE pair (a TEXT COLLATE NOCASE, b TEXT, v BLOB, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE bag (word TEXT);
CREATE TABLE mood (n NUMERIC COLLATE NOCASE);
CREATE TABLE "odd ""name" ("select" INTEGER PRIMARY KEY, "a b" TEXT, rowid TEXT);
CREATE VIEW shown AS SELECT text FROM note;
CREATE VIRTUAL TABLE hay USING fts5 (straw);
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "qa #1?.db"


@pytest.fixture(params=["wal", "delete"])
def owner(file: Path, request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    """The application's own connection, in both journal modes."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {request.param}")
    connection.executescript(SCHEMA)
    yield connection
    connection.close()


@pytest.fixture
async def probe(owner: sqlite3.Connection, file: Path) -> AsyncIterator[SqliteProbe]:
    made = SqliteProbe(file)
    yield made
    await made.close()


async def changes(probe: SqliteProbe) -> tuple[RowChange, ...]:
    return (await probe.read()).changes


async def test_the_first_reading_is_empty_and_names_generated_columns(
    probe: SqliteProbe, owner: sqlite3.Connection
) -> None:
    """What was there before is nobody's doing."""
    owner.execute("INSERT INTO note (text) VALUES ('old')")
    reading = await probe.read()
    assert reading.changes == ()
    assert dict(reading.generated) == {"note": ("id", "made", "size"), 'odd "name': ("select",)}
    assert (await probe.read()).changes == ()


async def test_insert_update_delete(probe: SqliteProbe, owner: sqlite3.Connection) -> None:
    """Every kind of change, once, with its row before and after."""
    owner.execute("INSERT INTO note (id, text, n) VALUES (1, 'a', 1), (2, 'b', 2)")
    await probe.read()
    owner.executescript(
        "BEGIN; INSERT INTO note (id, text) VALUES (3, 'c'); UPDATE note SET n = 9 WHERE id = 1;"
        "DELETE FROM note WHERE id = 2; COMMIT"
    )
    found = {change.operation: change for change in await changes(probe)}
    assert len(found) == 3
    assert found[Operation.INSERT].row["text"] == "c"
    assert found[Operation.INSERT].row["size"] == 1
    assert (dict(found[Operation.UPDATE].before)["n"], found[Operation.UPDATE].row["n"]) == (1, 9)
    assert found[Operation.DELETE].key == (("id", 2),)
    assert found[Operation.DELETE].row["text"] == "b"
    assert await changes(probe) == ()


async def test_rolled_back_and_uncommitted_rows_are_not_seen(probe: SqliteProbe, owner: sqlite3.Connection) -> None:
    """Only what was committed counts, and it counts when it is."""
    await probe.read()
    owner.execute("BEGIN")
    owner.execute("INSERT INTO note (text) VALUES ('never')")
    assert await changes(probe) == ()
    owner.execute("ROLLBACK")
    assert await changes(probe) == ()
    owner.execute("BEGIN")
    owner.execute("INSERT INTO note (text) VALUES ('late')")
    owner.execute("COMMIT")
    assert [change.row["text"] for change in await changes(probe)] == ["late"]


KEYS = [
    (
        "INSERT INTO tag VALUES ('x', 1)",
        "UPDATE tag SET name = 'X'",
        ["insert", "delete"],
        "another key, same collation",
    ),
    ("INSERT INTO tag VALUES ('x', 1)", "REPLACE INTO tag VALUES ('x', 2)", ["update"], "replaced: another row number"),
    ("INSERT INTO tag VALUES ('x', 1)", "REPLACE INTO tag VALUES ('x', 1)", [], "replaced by itself"),
    ("INSERT INTO tag VALUES (NULL, 1), (NULL, 2)", "UPDATE tag SET n = n + 5", ["update", "update"], "NULL keys"),
    ("INSERT INTO seat VALUES ('a', 1, 'p')", "UPDATE seat SET who = 'q'", ["update"], "composite key"),
    ("INSERT INTO pair VALUES ('a', 'b', 1)", "UPDATE pair SET v = 2", ["update"], "no rowid"),
    ("INSERT INTO pair VALUES ('a', 'b', 1)", "UPDATE pair SET a = 'A'", ["insert", "delete"], "no rowid, collation"),
    ("INSERT INTO pair VALUES ('a', 'b', 1), ('a', 'c', 1)", "DELETE FROM pair WHERE b = 'c'", ["delete"], "no rowid"),
    ("INSERT INTO bag VALUES ('w')", "INSERT INTO bag VALUES ('w'), ('w')", ["insert", "insert"], "no key, equal rows"),
    ("INSERT INTO bag VALUES ('w'), ('w')", "DELETE FROM bag WHERE rowid = 1", ["delete"], "no key"),
    ("INSERT INTO bag VALUES (1), ('1')", "UPDATE bag SET word = word || 'x'", ["update", "update"], "no key"),
    ("SELECT 1", """INSERT INTO "odd ""name" VALUES (1, 'x', 'y')""", ["insert"], "names that need quotes"),
    ("SELECT 1", "INSERT INTO hay VALUES ('needle')", [], "virtual tables and their shadows are not read"),
    ("INSERT INTO note (text) VALUES ('a')", "UPDATE note SET text = 'A'", ["update"], "the case of a letter"),
    (
        "INSERT INTO mood VALUES ('a')",
        "UPDATE mood SET n = 'A'",
        ["update"],
        "text in a number column, a lax collation",
    ),
    ("INSERT INTO note (n) VALUES (1)", "UPDATE note SET n = NULL", ["update"], "to NULL"),
    ("INSERT INTO note (n) VALUES (1)", "UPDATE note SET n = 1", [], "the same value again"),
]


@pytest.mark.parametrize(("before", "write", "operations", "remark"), KEYS)
async def test_every_kind_of_table(
    probe: SqliteProbe, owner: sqlite3.Connection, before: str, write: str, operations: list[str], remark: str
) -> None:
    """What happened is told once, whatever names the rows; a second look adds nothing."""
    owner.execute(before)
    await probe.read()
    owner.execute(write)
    assert [change.operation for change in await changes(probe)] == operations, remark
    owner.execute("INSERT INTO note (text) VALUES ('later')")
    assert [change.entity for change in await changes(probe)] == ["note"], remark


async def test_values_of_every_kind(probe: SqliteProbe, owner: sqlite3.Connection) -> None:
    """Huge integers stay exact, bytes and long text become marks, text that is not UTF-8 does not stop the reading."""
    await probe.read()
    owner.execute("INSERT INTO note (id, n, text) VALUES (1, ?, ?)", (2**63 - 1, "rplmark" + "x" * 2_000_000))
    owner.execute("INSERT INTO pair VALUES ('k', 'small', ?), ('k', 'wide', ?)", (b"\x00\x01", b"\xff" * 100_000))
    owner.execute("INSERT INTO bag VALUES (CAST(x'61ff62' AS TEXT))")
    rows = {str(change.row.get("b", change.entity)): change.row for change in await changes(probe)}
    assert rows["note"]["n"] == 2**63 - 1
    assert str(rows["note"]["text"]).startswith("rplmarkxxx")
    assert "<2000007 bytes, digest " in str(rows["note"]["text"])
    assert str(rows["small"]["v"]).startswith("<2 bytes, digest ")
    assert str(rows["wide"]["v"]).startswith("<100000 bytes, digest ")
    assert rows["bag"]["word"] == "a\ufffdb"
    assert await changes(probe) == ()


async def test_a_change_inside_a_giant_is_seen(probe: SqliteProbe, owner: sqlite3.Connection) -> None:
    """One character in the middle of a megabyte."""
    owner.execute("INSERT INTO note (id, text) VALUES (1, ?)", ("a" * 1_000_000,))
    await probe.read()
    owner.execute("UPDATE note SET text = substr(text, 1, 500000) || 'b' || substr(text, 500002)")
    (change,) = await changes(probe)
    assert change.operation is Operation.UPDATE


async def test_a_table_created_later_is_read(probe: SqliteProbe, owner: sqlite3.Connection) -> None:
    """Its first rows are new rows; a dropped table is forgotten."""
    await probe.read()
    owner.executescript("CREATE TABLE later (id INTEGER PRIMARY KEY); INSERT INTO later VALUES (1), (2)")
    assert [(change.entity, change.row["id"]) for change in await changes(probe)] == [("later", 1), ("later", 2)]
    owner.execute("INSERT INTO later VALUES (3)")
    assert [change.row["id"] for change in await changes(probe)] == [3]
    owner.executescript("DROP TABLE later; DROP TABLE tag")
    assert await changes(probe) == ()


async def test_columns_that_change_are_an_error_once(probe: SqliteProbe, owner: sqlite3.Connection) -> None:
    """Rows before and after cannot be compared: not judged, and the next reading is sound again."""
    owner.execute("INSERT INTO note (text) VALUES ('a')")
    await probe.read()
    owner.execute("ALTER TABLE note ADD COLUMN more TEXT")
    with pytest.raises(ProbeError, match="columns of table note"):
        await probe.read()
    owner.execute("UPDATE note SET more = 'x'")
    (change,) = await changes(probe)
    assert change.row["more"] == "x"


async def test_another_process_writes(probe: SqliteProbe, owner: sqlite3.Connection, file: Path) -> None:
    """Hooks would see their own connection only."""
    await probe.read()
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
    subprocess.run([sys.executable, "-c", code, str(file), "INSERT INTO bag VALUES ('far')"], check=True)
    assert [change.row for change in await changes(probe)] == [{"word": "far"}]


async def test_a_busy_writer_loses_no_row_and_is_told_once(
    probe: SqliteProbe, owner: sqlite3.Connection, file: Path
) -> None:
    """While a process inserts as fast as it can, the readings together hold each row exactly once."""
    await probe.read()
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)\n"
        "for n in range(300): c.execute('INSERT INTO note (text) VALUES (?)', (str(n),))"
    )
    writer = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(file))
    seen: list[str] = []
    while writer.returncode is None:
        seen += [str(change.row["text"]) for change in await changes(probe)]
        await asyncio.sleep(0.005)
    assert await writer.wait() == 0
    seen += [str(change.row["text"]) for change in await changes(probe)]
    assert seen == [str(n) for n in range(300)]


async def test_the_owner_can_always_write(probe: SqliteProbe, owner: sqlite3.Connection) -> None:
    """No lock outlives a reading: with no patience at all the owner still commits."""
    owner.execute("PRAGMA busy_timeout = 0")
    for n in range(5):
        await probe.read()
        owner.execute("INSERT INTO bag VALUES (?)", (n,))


async def test_the_file_is_not_written(probe: SqliteProbe, owner: sqlite3.Connection, file: Path) -> None:
    """Two readings with changes leave the same bytes and the same tables."""
    await probe.read()
    owner.execute("INSERT INTO bag VALUES ('x')")
    before = file.read_bytes()
    await probe.read()
    assert file.read_bytes() == before
    assert not owner.execute("SELECT name FROM sqlite_master WHERE name LIKE 'mirror%'").fetchall()


async def test_a_locked_file_is_not_judged(probe: SqliteProbe, owner: sqlite3.Connection, file: Path) -> None:
    """In rollback mode an exclusive lock keeps readers out, said in one sentence; in WAL mode it does not."""
    await probe.read()
    owner.execute("BEGIN EXCLUSIVE")
    if owner.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        assert await changes(probe) == ()
    else:
        with pytest.raises(ProbeError, match="stayed locked"):
            await probe.read()
    owner.execute("ROLLBACK")
    assert await changes(probe) == ()


async def test_settle_waits_for_a_late_job(probe: SqliteProbe, owner: sqlite3.Connection) -> None:
    """A commit inside the quiet time is waited out; one commit after the other is not quiet."""
    await probe.read()
    loop = asyncio.get_running_loop()
    loop.call_later(0.05, owner.execute, "INSERT INTO bag VALUES ('job')")
    assert await probe.settle(0.1, 2.0)
    assert [change.row["word"] for change in await changes(probe)] == ["job"]


async def test_files_that_are_no_database(tmp_path: Path) -> None:
    """Missing, foreign and replaced files are told apart; no value and no traceback of SQLite's."""
    with pytest.raises(ProbeError, match="no database file"):
        await SqliteProbe(tmp_path / "none.db").read()
    foreign = tmp_path / "foreign.db"
    foreign.write_text("these are not the tables you are looking for" * 100)
    probe = SqliteProbe(foreign)
    with pytest.raises(ProbeError, match="SQLITE_NOTADB") as raised:
        await probe.read()
    await probe.close()
    assert "looking" not in str(raised.value)
    assert not (tmp_path / "none.db").exists()


async def test_a_replaced_file_is_not_taken_for_a_quiet_one(probe: SqliteProbe, file: Path) -> None:
    """QA was set up anew under our feet: the old file would look unchanged for ever."""
    await probe.read()
    fresh = file.with_name("fresh.db")
    with sqlite3.connect(fresh) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    os.replace(fresh, file)
    with pytest.raises(ProbeError, match="was replaced"):
        await probe.read()
    assert await changes(probe) == ()
