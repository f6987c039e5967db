"""What the commands print of a stored run: the document as it is rendered, and nothing behind it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from replay.cli import replay
from replay.compose.verdicts import read_view
from replay.model.event import Found, RunEnded, RunStarted
from replay.report.builtin import FORMATS, WITH_EVIDENCE
from replay.store.run_writer import RunWriter
from unit.report.run_view_make import RUN, SUMMARY, finding


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    path = tmp_path / "run.db"
    writer = RunWriter.create(path)
    for event in (RunStarted(RUN, 4, 40), Found(finding()), RunEnded(SUMMARY, finished=True)):
        writer.on_event(event)
    writer.close()
    return path


def printed(*arguments: str) -> bytes:
    done = CliRunner().invoke(replay, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert done.stderr == ""
    return done.stdout_bytes


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_ends_with_one_line_feed(run_file: Path, tmp_path: Path, form: str) -> None:
    """On stdout and in a file, so that `diff` and `wc -l` agree."""
    out = printed("report", str(run_file), "--format", form)
    assert out.endswith(b"\n")
    assert not out.endswith(b"\n\n")
    CliRunner().invoke(replay, ["report", str(run_file), "--format", form, "--out", str(tmp_path / "report")])
    if form not in WITH_EVIDENCE:  # the view that `read_view` gives has none
        assert (tmp_path / "report").read_bytes() == FORMATS[form](read_view(run_file))
    if form != "text":  # text follows the width of the terminal
        assert out == (tmp_path / "report").read_bytes()


def test_json_is_one_line_that_a_program_reads(run_file: Path) -> None:
    """`judge --json` prints one object and one line feed."""
    out = printed("judge", str(run_file), "--json")
    assert out.count(b"\n") == 1
    assert json.loads(out)["run"]["id"] == "r1"
