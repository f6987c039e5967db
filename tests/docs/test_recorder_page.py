"""The recorder's page keeps its word: its queries answer, its line imports, its metrics exist, its commands parse."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import click
import pytest
import sqlite_utils

from docs import generate
from docs.fenced import ROOT, blocks
from make import exchange
from make_capture import write_capture
from replay.record.importing import import_capture, plan_import
from replay.record.metrics import exposition
from replay.store import sql_functions
from replay.store.capture_reader import CaptureReader
from unit.record.test_record_metrics import ACCOUNT

PAGE = "docs/recorder.md"


def fenced(language: str) -> list[str]:
    return [block.text for block in blocks(PAGE) if block.language == language]


@pytest.mark.parametrize("sql", fenced("sql"))
def test_every_query_answers(tmp_path: Path, sql: str) -> None:
    """On a capture with an answer and an error, none comes back empty."""
    path = write_capture(
        tmp_path / "c.db",
        [
            exchange("e1", "GET", "/courses/17", answer={"currency": "EUR"}, at=1000.0),
            exchange("e2", "GET", "/courses/18", 404, answer={"error": "no"}, at=1001.0),
        ],
    )
    database = sqlite_utils.Database(path)
    sql_functions.register(database.conn)
    assert list(database.query(sql))
    database.close()


def test_the_line_of_the_page_can_be_imported(tmp_path: Path) -> None:
    """It is one exchange: nothing of it is skipped or refused."""
    (line,) = fenced("json")
    (tmp_path / "taps.jsonl").write_text(line.strip() + "\n")
    summary = import_capture(plan_import([tmp_path / "taps.jsonl"], tmp_path / "c.db", 1000.0))
    assert (summary.read, summary.captured) == (1, 1)
    with CaptureReader.open(tmp_path / "c.db") as reader:
        (stored,) = reader.stored()
    assert (stored.exchange.request.method, stored.exchange.status) == ("POST", 201)
    assert json.loads(stored.exchange.request.body.data).keys() == {"course_id"}


def test_every_metric_of_the_page_is_there() -> None:
    """And every one that is there is on the page."""
    text = exposition(ACCOUNT).decode()
    there = {name.removesuffix("_total") for name in re.findall(r"^# TYPE (replay_\w+) ", text, re.MULTILINE)}
    told = {name.removesuffix("_total") for name in re.findall(r"`(replay_[a-z_]+)`", (ROOT / PAGE).read_text("utf-8"))}
    functions = {"replay_text", "replay_bytes", "replay_headers", "replay_capture", "replay_append"}
    assert there
    assert told - functions == there


@pytest.mark.parametrize(
    "line", [line for text in fenced("sh") for line in text.splitlines() if line.startswith("replay ")]
)
def test_every_command_can_be_typed(line: str) -> None:
    """The command line accepts every word of it."""
    command: click.Command = generate.group()
    context = click.Context(command, info_name="replay", help_option_names=["-h", "--help"])
    words = shlex.split(line)[1:]
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    with command.make_context(command.name, words, parent=context):
        pass
