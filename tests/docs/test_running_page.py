"""The page on runs: its commands can be typed, and what it says of defaults and reasons is so."""

from __future__ import annotations

import shlex

import click
import pytest

from docs import generate
from docs.fenced import ROOT, blocks
from replay.compose.merging import MISSING_PART
from replay.compose.workers import LOST_WORKER
from replay.engine.fidelity import SESSION_REASON
from replay.engine.settings import RunSettings
from replay.play.playable import SAMPLED

PAGE = "docs/running.md"
LINES = [line for block in blocks(PAGE) if block.language == "sh" for line in block.text.splitlines()]


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_page_can_be_typed(line: str) -> None:
    """Commands, options and required arguments are the command line's own."""
    name, *words = shlex.split(line)[1:]
    group = generate.group()
    context = click.Context(group, info_name="replay")
    found = group.get_command(context, name)
    assert found is not None
    found.make_context(name, words, parent=context)


def test_the_page_names_the_defaults_and_the_reasons_of_today() -> None:
    """`group_exchanges`, the floor, and every word with which a run says that it gives no verdict."""
    text = (ROOT / PAGE).read_text("utf-8")
    settings = RunSettings()
    assert f"`replay.toml`, {settings.group_exchanges} unless said" in text
    assert f"`fidelity_floor` ({settings.fidelity_floor})" in text
    for reason in (SESSION_REASON, LOST_WORKER, SAMPLED, "cross-group"):
        assert reason in text
    assert "missing shard" in text
    assert MISSING_PART == "missing-shard"
