"""The tutorial's traffic is a command of its own: `python -m replay.demo.traffic URL --seed N`."""

from __future__ import annotations

import shlex

import pytest

from docs.fenced import console_lines
from ports import free_port
from replay.demo.traffic import main


def test_a_shop_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """The tutorial's own line, but for a port that nobody listens on: status 2, no traceback."""
    (line,) = (line for line in console_lines("docs/tutorial.md") if "replay.demo.traffic" in line)
    _, url, *options = shlex.split(line.partition("-m ")[2])
    assert main([url.rpartition(":")[0] + f":{free_port()}", *options]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "got no answer from the shop" in told.err
