"""`replay redact key`: new key files for their owner alone, and keys that are destroyed on the record."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from replay.cli import replay
from replay.record.import_plan import plan_import
from replay.record.importing import import_capture
from replay.record.settings import RecordSettings
from replay.store.audit_log import broken_lines, read_audit
from replay.store.key_files import read_recipient, read_signer, read_signing_key, read_unlock

LINE = '{"method": "GET", "url": "http://shop.test/x", "status": 200, "started": 1700000000, "ended": 1700000001}\n'


def run(*words: object, answer: str = "") -> Result:
    return CliRunner().invoke(replay, ["redact", "key", *map(str, words)], input=answer)


def imported(folder: Path, name: str, scope: str) -> Path:
    (folder / "in.jsonl").write_text(LINE)
    settings = RecordSettings(key_scope=scope)
    plan = plan_import([folder / "in.jsonl"], folder / name, 1.7e9, key=f"file:{folder / 'k'}", settings=settings)
    import_capture(plan)
    return folder / name


def test_new_files_are_private_and_are_keys(tmp_path: Path) -> None:
    for kind in ("redaction", "signing", "encryption"):
        assert run("new", tmp_path / kind, "--for", kind).exit_code == 0
        assert stat.S_IMODE((tmp_path / kind).stat().st_mode) == 0o400
    assert len(bytes.fromhex((tmp_path / "redaction").read_text())) == 32
    assert not (tmp_path / "redaction.pub").exists()
    public = read_signing_key(tmp_path / "signing").public_key().public_bytes_raw().hex()
    assert public == read_signer(tmp_path / "signing.pub")
    assert read_unlock(tmp_path / "encryption").recipient == read_recipient(tmp_path / "encryption.pub")


@pytest.mark.parametrize("scope", ["", "capture"])
def test_a_destroyed_key_is_gone_and_the_capture_says_so(tmp_path: Path, scope: str) -> None:
    """The words say what remains possible; the file's content is in none of them."""
    run("new", tmp_path / "k")
    text = (tmp_path / "k").read_text().strip()
    capture = imported(tmp_path, "c.db", scope)
    done = run("destroy", tmp_path / "k", "--capture", capture, "--yes")
    assert done.exit_code == 0, done.output
    assert not (tmp_path / "k").exists()
    assert "What remains possible" in done.output
    assert text not in done.output
    last = list(read_audit(capture))[-1]
    assert last.event == "key-destroyed"
    assert last.facts["key_id"] == next(read_audit(capture)).facts["key_id"]
    assert list(broken_lines(capture)) == []


def test_a_key_of_another_capture_is_not_destroyed(tmp_path: Path) -> None:
    """Nothing is done when one of the captures was recorded with another key."""
    run("new", tmp_path / "k")
    capture = imported(tmp_path, "c.db", "")
    run("new", tmp_path / "other")
    refused = run("destroy", tmp_path / "other", "--capture", capture, "--yes")
    assert "was recorded with another key" in str(refused.exception)
    assert (tmp_path / "other").exists()


def test_it_asks_before_it_destroys(tmp_path: Path) -> None:
    run("new", tmp_path / "k")
    assert run("destroy", tmp_path / "k", answer="n\n").exit_code == 1
    assert (tmp_path / "k").exists()
    assert run("destroy", tmp_path / "k", answer="y\n").exit_code == 0
    assert not (tmp_path / "k").exists()


def test_a_file_that_others_may_read_is_not_touched(tmp_path: Path) -> None:
    run("new", tmp_path / "k")
    (tmp_path / "k").chmod(0o644)
    assert "chmod 0400" in str(run("destroy", tmp_path / "k", "--yes").exception)
    assert (tmp_path / "k").exists()
