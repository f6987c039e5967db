"""Captures expire days after their last exchange: then nobody replays them, and `prune --expired` removes them."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from make import exchange
from replay.cli import replay
from replay.compose.material import read_capture
from replay.model.capture import CaptureInfo
from replay.model.exchange import RedactedExchange
from replay.record.merging import merge_captures
from replay.store.audit_log import read_audit
from replay.store.capture_reader import CaptureReader
from replay.store.capture_writer import CaptureWriter
from replay.store.expiry import ExpiredError, expiry
from replay.store.retention import Rotation
from replay.store.segments import open_segments

DAY = 86_400.0
INFO = CaptureInfo("cap1", 3, 1000.0, "key-1", "rules-1", (), "0.1.0", lifetime=14 * DAY)


def record(path: Path, ended: float, info: CaptureInfo = INFO) -> Path:
    writer = CaptureWriter.create(path, info)
    writer.add(1, "s1", None, RedactedExchange(exchange("e1", "GET", "/x", at=ended)), ())
    writer.close()
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(replay, [str(word) for word in words])


@pytest.mark.parametrize(
    ("info", "last", "expires"),
    [
        (INFO, 0.0, 1000.0 + 14 * DAY),  # nothing in it
        (INFO, 5000.0, 5000.0 + 14 * DAY),  # it went on after it was made
        (INFO, 10.0, 1000.0 + 14 * DAY),  # imported: the traffic is older than the capture
        (replace(INFO, lifetime=0.0), 5000.0, math.inf),
    ],
)
def test_it_counts_from_the_last_exchange_or_the_beginning(info: CaptureInfo, last: float, expires: float) -> None:
    assert expiry(info, last) == expires


def test_an_expired_capture_is_not_replayed(tmp_path: Path) -> None:
    path = record(tmp_path / "c.db", 2000.0)
    assert read_capture(path, now=2000.0 + 13 * DAY)[1].id == "cap1"
    assert read_capture(path)[1].id == "cap1"
    with pytest.raises(ExpiredError, match=r"c\.db expired on 1970-01-15 and is not replayed: .*--allow-expired"):
        read_capture(path, now=2100.0 + 14 * DAY)


@pytest.mark.parametrize("command", ["run", "fuzz"])
def test_the_commands_refuse_it_with_one_sentence(tmp_path: Path, command: str) -> None:
    """Before anything is sent: the target is not even looked for. With --allow-expired that is the next thing."""
    path = record(tmp_path / "c.db", 2000.0)
    words = (command, path, "--target", "http://127.0.0.1:9", "--out", tmp_path / "r.db", "--quiet")
    refused, allowed = run(*words), run(*words, "--allow-expired")
    assert isinstance(refused.exception, ExpiredError)
    assert allowed.exception is not None
    assert not isinstance(allowed.exception, ExpiredError)


def test_inspect_says_when(tmp_path: Path) -> None:
    found = json.loads(run("inspect", record(tmp_path / "c.db", 2000.0), "--json").output)["capture"]
    assert 2000.0 + 14 * DAY <= found["expires"] < 2010.0 + 14 * DAY
    assert "expired 1970-01-15" in run("inspect", tmp_path / "c.db").output  # long ago
    never = record(tmp_path / "n.db", 2000.0, replace(INFO, lifetime=0.0))
    assert json.loads(run("inspect", never, "--json").output)["capture"]["expires"] is None
    assert "expire" not in run("inspect", never).output


def test_pruning_removes_what_has_expired_and_nothing_else(tmp_path: Path) -> None:
    """A rotated capture with all its segments; the audit log stays and says so."""
    old, young = record(tmp_path / "old.db", 2000.0), record(tmp_path / "young.db", time.time())
    never = record(tmp_path / "never.db", 2000.0, replace(INFO, lifetime=0.0))
    writer = open_segments(tmp_path / "r.db", INFO, append=False, rotation=Rotation(rotate_bytes=1))
    for number in (1, 2, 3):
        one = exchange(f"e{number}", "GET", "/x", at=float(number))
        writer.add(number, "s1", None, RedactedExchange(one), ())
        writer.commit()
    writer.close()
    done = run("capture", "prune", "--expired", old, young, never, tmp_path / "r.manifest.json")
    assert done.exit_code == 0, done.output
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"young.db", "never.db", "old.audit.jsonl", "r.audit.jsonl"}
    assert [one.event for one in read_audit(tmp_path / "r.db")] == ["expired"]
    assert "never.db: stays, it never expires" in done.output


def test_one_segment_of_a_rotated_capture_is_not_removed_alone(tmp_path: Path) -> None:
    writer = open_segments(tmp_path / "r.db", INFO, append=False, rotation=Rotation(rotate_bytes=1))
    writer.close()
    done = run("capture", "prune", "--expired", tmp_path / "r.db")
    assert "one segment of a rotated capture" in str(done.exception)
    assert (tmp_path / "r.db").exists()


@pytest.mark.parametrize(
    "words", [("--expired", "--out", "x.db"), ("--older-than", "1d"), ("--expired", "--tenant", "a")]
)
def test_words_that_do_not_go_together_are_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = record(tmp_path / "c.db", 2000.0)
    assert run("capture", "prune", path, *words).exception is not None
    assert path.exists()


def test_a_merged_capture_expires_no_later(tmp_path: Path) -> None:
    record(tmp_path / "a.db", 2000.0)
    record(tmp_path / "b.db", 3000.0, replace(INFO, id="cap2", lifetime=DAY))
    merge_captures([tmp_path / "a.db", tmp_path / "b.db"], tmp_path / "all.db", 9e9)
    with CaptureReader.open(tmp_path / "all.db") as reader:
        assert reader.info().lifetime == DAY
        assert reader.expires() < 4000.0 + DAY


@pytest.mark.parametrize(("days", "lifetime"), [("3", 3 * DAY), ("0", 0.0), ("0.5", DAY / 2)])
def test_an_import_says_when_it_expires(tmp_path: Path, days: str, lifetime: float) -> None:
    """The option goes before the file, which says something else."""
    (tmp_path / "a.har").write_text('{"log": {"entries": []}}')
    (tmp_path / "replay.toml").write_text("[record]\nexpires_days = 9\n")
    words = (
        "capture",
        "import",
        tmp_path / "a.har",
        "--capture",
        tmp_path / "c.db",
        "--config",
        tmp_path / "replay.toml",
    )
    assert run(*words, "--expires-days", days, "--quiet").exit_code == 0
    with CaptureReader.open(tmp_path / "c.db") as reader:
        assert reader.info().lifetime == lifetime
    wrong = run(*words, "--expires-days", "soon")
    assert "--expires-days must be" in str(wrong.exception)
