"""`replay fuzz --workers`: refused in one sentence that says why, before anything is read or sent."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from replay.cli.fuzz import fuzz_command
from replay.model.errors import UsageError


@pytest.mark.parametrize("database", [(), ("--db", "sqlite:///qa.db")])
def test_cases_are_not_shared_between_workers(database: tuple[str, ...]) -> None:
    words = ["no-such-capture.db", "--target", "http://127.0.0.1:1", "--out", "run.db", "--workers", "2", *database]
    done = CliRunner().invoke(fuzz_command, words)
    assert isinstance(done.exception, UsageError)
    assert "blamed for the rows of another worker's case. Leave --workers out." in str(done.exception)
