"""A signature over a capture: every flipped byte, taken file and cut log shows, and only the signer can make it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from make import exchange
from replay.cli import replay
from replay.model.capture import CaptureInfo
from replay.model.errors import FileFormatError
from replay.model.exchange import RedactedExchange
from replay.store import audit_log
from replay.store.capture_writer import CaptureWriter
from replay.store.key_files import make_key_file, read_signer, read_signing_key
from replay.store.retention import Rotation
from replay.store.segments import open_segments
from replay.store.signature import check_signature, require_signature, sign_capture, signature_path

INFO = CaptureInfo("cap1", 3, 1000.0, "key-1", "rules-1", (), "0.1.0")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """FILE and FILE.pub of the signer, and of somebody else."""
    for name in ("signer", "other"):
        make_key_file(tmp_path / name, "signing")
    return tmp_path


def rotated(folder: Path) -> Path:
    writer = open_segments(folder / "c.db", INFO, append=False, rotation=Rotation(rotate_bytes=1))
    for number in (1, 2, 3):
        writer.add(number, "s1", None, RedactedExchange(exchange(f"e{number}", "GET", "/x", at=float(number))), ())
        writer.commit()
    writer.close()
    audit_log.append(folder / "c.db", "stop", at=4.0)
    return folder / "c.manifest.json"


def single(folder: Path) -> Path:
    writer = CaptureWriter.create(folder / "c.db", INFO)
    writer.add(1, "s1", None, RedactedExchange(exchange("e1", "GET", "/x", answer={"a": 1}, at=1.0)), ())
    writer.close()
    audit_log.append(folder / "c.db", "stop", at=4.0)
    return folder / "c.db"


def run(*words: object) -> Result:
    return CliRunner().invoke(replay, [str(word) for word in words])


@pytest.mark.parametrize("make", [single, rotated])
def test_what_was_signed_is_whole(keys: Path, make) -> None:
    capture = make(keys)
    out = sign_capture(capture, read_signing_key(keys / "signer"), 5.0)
    assert out == signature_path(capture) == keys / "c.sig"
    assert out.stat().st_mode & 0o777 == 0o600
    signed, problems = check_signature(capture, read_signer(keys / "signer.pub"))
    assert problems == ()
    assert signed is not None
    assert (signed.signer, signed.at) == (read_signer(keys / "signer.pub"), 5.0)
    statement = json.loads(json.loads(out.read_text())["statement"])
    assert (statement["key_id"], statement["policy_digest"]) == ("key-1", "rules-1")
    assert len(statement["files"]) == (1 if make is single else 5)


@pytest.mark.parametrize("make", [single, rotated])
def test_any_flipped_byte_is_found(keys: Path, make) -> None:
    """In every file of the capture and in the signature itself, at places drawn from a seed."""
    capture = make(keys)
    sign_capture(capture, read_signing_key(keys / "signer"), 5.0)
    signer, rng = read_signer(keys / "signer.pub"), Random(4)
    for path in (*keys.glob("c*.db"), *keys.glob("c.manifest.json"), keys / "c.sig"):
        whole = path.read_bytes()
        for place in {0, len(whole) - 3, *(rng.randrange(len(whole) - 2) for _ in range(6))}:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert check_signature(capture, signer)[1], f"byte {place} of {path.name}"
        path.write_bytes(whole)
    assert check_signature(capture, signer)[1] == ()


def test_taken_and_added_files_and_rows_are_named(keys: Path) -> None:
    capture = rotated(keys)
    sign_capture(capture, read_signing_key(keys / "signer"), 5.0)
    connection = sqlite3.connect(keys / "c-0001.db")
    connection.execute("UPDATE exchange SET status = 500")
    connection.commit()
    connection.close()
    ((problem,)) = check_signature(capture)[1]
    assert problem == f"{keys / 'c-0001.db'}: it was changed after the capture was signed"
    (keys / "c-0002.db").unlink()
    assert any("files that belong to it are missing" in one for one in check_signature(capture)[1])


def test_lines_cut_from_the_audit_log_show(keys: Path) -> None:
    """Later ones may be added: an export is noted after the signature."""
    capture = single(keys)
    sign_capture(capture, read_signing_key(keys / "signer"), 5.0)
    audit_log.append(capture, "export", at=6.0)
    assert check_signature(capture)[1] == ()
    log = audit_log.audit_path(capture)
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:1]))
    ((problem,)) = check_signature(capture)[1]
    assert "lines that were there when the capture was signed are missing or changed" in problem


def test_a_capture_may_be_handed_over_under_another_name(keys: Path) -> None:
    """With its log and signature beside it."""
    capture = single(keys)
    sign_capture(capture, read_signing_key(keys / "signer"), 5.0)
    for path in list(keys.glob("c.*")):
        path.rename(path.with_name(path.name.replace("c.", "handed.", 1)))
    assert check_signature(keys / "handed.db", read_signer(keys / "signer.pub"))[1] == ()


def test_another_signer_is_refused(keys: Path) -> None:
    capture = single(keys)
    sign_capture(capture, read_signing_key(keys / "other"), 5.0)
    with pytest.raises(FileFormatError, match=r"is not replayed: .* of another signer"):
        require_signature(capture, read_signer(keys / "signer.pub"))
    document = json.loads((keys / "c.sig").read_text())
    document["statement"] = document["statement"].replace(
        read_signer(keys / "other.pub"), read_signer(keys / "signer.pub")
    )
    (keys / "c.sig").write_text(json.dumps(document))
    with pytest.raises(FileFormatError, match="was changed after it was signed"):
        require_signature(capture, read_signer(keys / "signer.pub"))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"statement": "{}", "signature": ""}', '{"statement": 1}', "\x00" * 9]
)
def test_a_forged_signature_file_is_one_sentence(keys: Path, text: str) -> None:
    capture = single(keys)
    (keys / "c.sig").write_text(text)
    signed, (problem,) = check_signature(capture)
    assert signed is None
    assert "c.sig is damaged" in problem


def test_a_capture_that_is_being_recorded_is_not_signed(keys: Path) -> None:
    writer = CaptureWriter.create(keys / "c.db", INFO)
    try:
        with pytest.raises(FileFormatError, match="is being recorded"):
            sign_capture(keys / "c.db", read_signing_key(keys / "signer"), 5.0)
    finally:
        writer.close()


def test_the_commands_sign_verify_and_require(keys: Path) -> None:
    capture = single(keys)
    words = ("run", capture, "--target", "http://127.0.0.1:9", "--out", keys / "r.db", "--quiet")
    required = (*words, "--require-signature", keys / "signer.pub")
    assert "the capture is not signed" in str(run(*required).exception)
    assert run("capture", "sign", capture, "--key", keys / "signer").exit_code == 0
    verified = run("capture", "verify", capture, "--signer", keys / "signer.pub")
    assert verified.exit_code == 0
    assert f"{capture}: whole, signed on " in verified.output
    assert "was not checked" in run("capture", "verify", capture).output
    assert run("capture", "verify", capture, "--signer", keys / "other.pub").exit_code == 1
    assert "sign" not in str(run(*required).exception), "the next thing that is wrong is the target"
    with (keys / "c.db").open("r+b") as file:
        file.seek(-5, 2)
        file.write(b"\x01")
    assert run("capture", "verify", capture).exit_code == 1
    assert "c.db is not replayed: " in str(run(*required).exception)
