"""What users do that nobody plans: wrong databases, full disks, files in the way, a reader that has seen enough."""

import json
import subprocess
import sys

import pytest

from e2e.test_by_hand import record, replay, shop

REPLAY = [sys.executable, "-m", "replay"]


async def test_without_rows_nothing_is_called_clean(tmp_path, free_port):
    """No database: cases that need proof by rows are not judged (exit status 3); a foreign one is refused."""
    import asyncio
    import sqlite3

    await record(tmp_path, "replay", free_port, faults="none")
    with sqlite3.connect(tmp_path / "foreign.db") as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    connection.close()
    async with shop(tmp_path, "qa.db", faults="none") as qa:
        fuzz = ("fuzz", "capture.db", "--target", qa.url, "--mutate", "race", "--cases", "4")
        await asyncio.to_thread(replay, tmp_path, *fuzz, "--out", "none.db", expect=3)
        foreign = await asyncio.to_thread(
            replay, tmp_path, *fuzz, "--db", "foreign.db", "--out", "foreign-run.db", expect=2
        )
        empty = await asyncio.to_thread(replay, tmp_path, *fuzz, "--db", "", "--out", "empty-run.db", expect=2)
    report = json.loads(replay(tmp_path, "report", "none.db", "--format", "json").stdout)
    assert [one["reason"] for one in report["not_judged"]] == ["no-database"]
    assert "is it the target's own" in foreign.stderr
    assert "--db is empty" in empty.stderr
    assert not (tmp_path / "foreign-run.db").exists(), "nothing half-written"
    assert not (tmp_path / "empty-run.db").exists()


def test_a_report_never_replaces_evidence(tmp_path):
    """`--out` that names the run file (or any database) is refused, and the file stays as it was."""
    from make_capture import write_capture

    capture = write_capture(tmp_path / "capture.db")
    before = capture.read_bytes()
    done = subprocess.run(
        [*REPLAY, "report", "capture.db", "--format", "json", "--out", "capture.db"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert capture.read_bytes() == before


def test_the_demo_replaces_nothing_that_it_did_not_make(tmp_path):
    """A capture of production in the folder stays."""
    from make_capture import write_capture

    capture = write_capture(tmp_path / "capture.db")
    before = capture.read_bytes()
    done = subprocess.run([*REPLAY, "demo", "--out", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "was not made by a demo" in done.stderr
    assert capture.read_bytes() == before


@pytest.mark.parametrize("command", [["--help"], ["inspect", "capture.db"]])
def test_a_reader_that_has_seen_enough_is_no_error(tmp_path, command):
    """`| head -1` ends without a traceback, and not with the status that means findings."""
    from make_capture import write_capture

    write_capture(tmp_path / "capture.db")
    line = f"{' '.join([*REPLAY, *command])} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "0"
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_one_sentence(tmp_path):
    """Status 2, not 1: CI must not read it as findings."""
    from make_capture import write_capture

    write_capture(tmp_path / "capture.db")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*REPLAY, "inspect", "capture.db", "--json"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
