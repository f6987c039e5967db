"""`replay report`: what is accepted, what two runs have in common, and which exit status follows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from integration.report.page_make import finding, write_run
from replay.cli import replay

FIRST, SECOND, THIRD = (f"{n:016x}" for n in (1, 2, 3))
FUTURE, PAST = "2099-01-01", "2020-01-01"


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run.db")


def accepting(folder: Path, *entries: tuple[str, str], reason: str = "known since spring") -> Path:
    path = folder / "accepted.toml"
    tables = [f'[[accept]]\nfingerprint = "{name}"\nreason = "{reason}"\nuntil = {until}\n' for name, until in entries]
    path.write_text("\n".join(tables))
    return path


def report(*arguments: object, status: int = 0) -> str:
    done = CliRunner().invoke(replay, ["report", *map(str, arguments)])
    assert done.exit_code == status, done.output
    return done.output


def soon() -> str:
    """A day within the year that an acceptance may last; the tests must not rot."""
    from datetime import UTC, datetime, timedelta  # only here

    return str((datetime.now(UTC) + timedelta(days=30)).date())


def test_an_accepted_finding_fails_nothing_and_stays_visible(run_file: Path, tmp_path: Path) -> None:
    """All confirmed ones accepted: what is left is what got no verdict."""
    known = accepting(tmp_path, (FIRST, soon()), (SECOND, soon()), (THIRD, soon()))
    document = json.loads(report(run_file, "--format", "json", "--accept", known, "--fail-on", "low", status=3))
    assert document["findings"] == []
    assert document["summary"]["findings"] == 0
    assert [one["state"] for one in document["accepted"]] == ["accepted"] * 3
    assert "known since spring" in report(run_file, "--accept", known)
    sarif = json.loads(report(run_file, "--format", "sarif", "--accept", known))
    assert [one["suppressions"][0]["kind"] for one in sarif["runs"][0]["results"]] == ["external"] * 3


def test_after_its_last_day_a_finding_counts_again(run_file: Path, tmp_path: Path) -> None:
    """And what was not found any more is told, so that the file shrinks."""
    known = accepting(tmp_path, (FIRST, PAST), ("dead", soon()))
    document = json.loads(report(run_file, "--format", "json", "--accept", known, "--fail-on", "high", status=1))
    assert FIRST in {one["fingerprint"] for one in document["findings"]}
    assert [one["state"].partition(":")[0] for one in document["accepted"]] == ["over", "not found any more"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[accept", "no TOML"),
        ("[other]", "[[accept]] tables only"),
        ('[[accept]]\nfingerprint = "a"\nuntil = 2026-01-01', "number 1, needs fingerprint, reason and until"),
        ('[[accept]]\nfingerprint = "a"\nreason = ""\nuntil = 2026-01-01', "needs a text for reason"),
        ('[[accept]]\nfingerprint = "a"\nreason = "b"\nuntil = "soon"', "needs a date"),
        (2 * '[[accept]]\nfingerprint = "a"\nreason = "b"\nuntil = 2026-01-01\n', "accepts a twice"),
        (f'[[accept]]\nfingerprint = "a"\nreason = "b"\nuntil = {FUTURE}', "a year is the longest"),
    ],
)
def test_a_bad_file_is_one_sentence(run_file: Path, tmp_path: Path, text: str, says: str) -> None:
    """Nothing is accepted without a reason, twice, or for ever."""
    path = tmp_path / "accepted.toml"
    path.write_text(text)
    done = CliRunner().invoke(replay, ["report", str(run_file), "--accept", str(path)])
    assert done.exit_code != 0
    assert says in f"{done.output} {done.exception}"


def test_two_runs_tell_new_persisting_and_gone(run_file: Path, tmp_path: Path) -> None:
    """By fingerprint; --fail-on speaks of what is new."""
    more = finding(9, "swap-1", endpoint="/zones/{id}")
    later = write_run(tmp_path / "later.db", more=(more,))
    document = json.loads(report(run_file, later, "--format", "json", "--fail-on", "high", status=1))
    assert [one["fingerprint"] for one in document["new"]] == [f"{9:016x}"]
    assert {one["fingerprint"] for one in document["persisting"]} == {FIRST, SECOND, THIRD}
    document = json.loads(report(later, run_file, "--format", "json", "--fail-on", "low", status=3))
    assert [one["fingerprint"] for one in document["gone"]] == [f"{9:016x}"]
    assert document["new"] == []
    assert "1 gone" in report(later, run_file)


def test_a_page_of_two_runs_is_refused(run_file: Path, tmp_path: Path) -> None:
    """One sentence that says what to do."""
    done = CliRunner().invoke(replay, ["report", str(run_file), str(run_file), "--html", str(tmp_path / "a.html")])
    assert done.exit_code != 0
    assert "compared as text or json" in f"{done.output} {done.exception}"
