"""The canary's report, signed: only the signer makes it, every change shows, and what it says is told in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from replay.canary.matrix import EndingReport, Matrix
from replay.canary.report_signature import opened_report, signed_report
from replay.cli import replay
from replay.model.errors import FileFormatError
from replay.store.key_files import make_key_file, read_signer, read_signing_key

AT = 1_700_000_000.0


def run(*words: object) -> Result:
    return CliRunner().invoke(replay, [str(word) for word in words])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("signer", "other"):
        make_key_file(tmp_path / name, "signing")
    return tmp_path


def written(folder: Path, matrix: Matrix) -> Path:
    path = folder / "canary.json"
    path.write_bytes(signed_report(matrix, read_signing_key(folder / "signer"), AT))
    return path


CLEAN = Matrix(0, (), 0, [], [EndingReport("normal")], None)
BLIND = Matrix(0, (), 0, ["C001"], [], None)


@pytest.mark.parametrize(("matrix", "status", "verdict"), [(CLEAN, 0, ": clean, signed"), (BLIND, 1, ": NOT clean")])
def test_a_signed_report_says_what_was_found(folder: Path, matrix: Matrix, status: int, verdict: str) -> None:
    """The exit status is that of the run."""
    done = run("redact", "canary", "--check", written(folder, matrix), "--signer", folder / "signer.pub")
    assert (done.exit_code, verdict in done.output) == (status, True)


def test_every_changed_letter_and_every_other_signer_shows(folder: Path) -> None:
    """So does a document that is something else."""
    path = written(folder, BLIND)
    data = path.read_bytes()
    assert opened_report(data, "r")["report"]["detector"]["blind"] == ["C001"]
    signer, other = (read_signer(folder / name) for name in ("signer.pub", "other.pub"))
    for i in range(0, len(data), 7):
        changed = data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :]
        if changed.split() != data.split():
            with pytest.raises(FileFormatError):
                opened_report(changed, "r", signer)
    with pytest.raises(FileFormatError, match="another signer"):
        opened_report(data, "r", other)
    for odd in (b"", b"[]", b'{"statement": 1}', json.dumps({"statement": "{}", "signature": ""}).encode()):
        with pytest.raises(FileFormatError, match="no signed report"):
            opened_report(odd, "r")


def test_a_report_is_signed_as_it_is_printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong key is told before any work."""
    runs: list[object] = []

    def found(*plan: object) -> Matrix:
        runs.append(plan)
        return BLIND

    monkeypatch.setattr("replay.cli.redact_canary.run_canary", found)  # minutes of work, tried in tests/risk
    words = ("redact", "canary", "--quiet", "--sign")
    done = run(*words, folder / "signer")
    assert done.exit_code == 1
    statement = opened_report(done.stdout.encode(), "r", read_signer(folder / "signer.pub"))
    assert statement["report"] == BLIND.as_json()
    assert run(*words, folder / "signer.pub").exit_code != 0
    assert len(runs) == 1
    assert "--check and --signer go together" in str(run("redact", "canary", "--check", folder / "signer").exception)
