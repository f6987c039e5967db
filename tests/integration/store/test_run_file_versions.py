"""A run file of format version 1 is read, judged again and reported as it was."""

import sqlite3
from pathlib import Path

import pytest

from replay.compose.config import Config
from replay.compose.verdicts import judge_again, read_view
from replay.model.errors import FileFormatError
from replay.store.run_reader import RunReader
from replay.store.run_writer import RunWriter

OLD = Path(__file__).with_name("run_file_version_1.sql")  # a dump of what version 1 wrote, schema and rows


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as database:
        database.executescript(OLD.read_text("utf-8"))
    database.close()
    return path


def test_evidence_and_verdicts_of_version_1_come_back(old):
    """What version 2 added has its defaults."""
    reader = RunReader(old)
    clean, case = reader.evidences()
    assert (len(clean.traces), len(clean.differences), case.case.id) == (2, 1, "race-1")
    assert {(one.bound, one.as_recorded) for trace in case.traces for one in trace.attempts} == {(0, False)}
    assert (reader.info().shard, reader.info().parts, reader.done()) == ("", 1, {})
    assert reader.fidelity().statuses_reproduced == 29
    reader.close()
    view = read_view(old)
    assert [one.title for one in view.findings] == ["three rows"]
    assert view.summary.requests_sent == 99


def test_version_1_is_judged_again_in_place(old):
    """The verdicts are replaced; the file stays a version 1 file that an older replay can read."""
    judge_again(old, Config())
    view = read_view(old)
    assert "f1" not in {one.fingerprint for one in view.findings}, "nothing in its evidence says so today"
    assert "no-other-tenant" in {one.reason for one in view.not_judged}, "there was no evidence to judge again"
    with sqlite3.connect(old) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
    database.close()


def test_version_1_cannot_be_gone_on_with(old):
    """It does not say which units are complete."""
    with pytest.raises(FileFormatError, match="format version 1"):
        RunWriter.resume(old)
