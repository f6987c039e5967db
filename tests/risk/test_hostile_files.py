"""Files from strangers: a cell of another type than the schema says is refused when the file is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from make import exchange
from replay.cli import main
from replay.model.capture import CaptureInfo
from replay.model.exchange import RedactedExchange
from replay.model.session import Actor
from replay.store.capture_writer import CaptureWriter

COMMANDS = (("inspect",), ("inspect", "--json"), ("run", "--target", "http://127.0.0.1:9", "--out", "RUN.db"))
CHANGES = [
    ("bytes as an id", "UPDATE exchange SET id = x'ff00'", 0),
    ("bytes as a method", "UPDATE endpoint SET method = x'ff00'", 0),
    ("bytes as a target", "UPDATE exchange SET target = x'2f'", 0),
    ("bytes as a tenant", "UPDATE actor SET tenant = x'ff'", 0),
    ("bytes as the capture's name", "UPDATE meta SET id = x'ff', key_id = x'00'", 1),
    ("a time that is no number", "UPDATE exchange SET started = 'nan'", 2),
    ("a time that never comes", "UPDATE exchange SET started = 9e999", 0),
    ("a time after the end of time", "UPDATE exchange SET ended = 1e300", 0),
    ("a status in words", "UPDATE exchange SET status = '200x'", 0),
    ("a count in words", "INSERT INTO loss VALUES ('dropped', 'x', 'many')", 0),
    ("text as a body", "UPDATE body SET data = 'x'", 0),
    ("text that is no UTF-8", "UPDATE endpoint SET method = CAST(x'ff' AS TEXT), name = CAST(x'2fff1bfe' AS TEXT)", 0),
]


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(command[:2]) for command in COMMANDS])
@pytest.mark.parametrize("change", [pytest.param(row[1], id=row[0]) for row in CHANGES])
def test_one_sentence_and_status_2(
    change: str, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd
) -> None:
    """No traceback, nothing of the file on the terminal, nothing sent."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "c.db"
    writer = CaptureWriter.create(path, CaptureInfo("cap1", 1, 1.0, "key-1", "rules-1", (), "0.1.0"))
    one = exchange("e1", "GET", "/x", answer={"n": 1}, at=1.0)
    writer.add(1, "s1", Actor("acme", "ann"), RedactedExchange(one), ())
    writer.close()
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.commit()
    connection.close()
    with pytest.raises(SystemExit) as ended:
        main([command[0], str(path), *command[1:]])
    shown = capfd.readouterr()
    assert ended.value.code == 2
    assert shown.out == ""
    assert shown.err.startswith(f"replay: {path} is damaged")
    assert shown.err.count("\n") == 1
    assert shown.err.strip().isprintable()
