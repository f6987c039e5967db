"""The tools that read the source: types, lint, format."""

from __future__ import annotations

import subprocess
import sys

import pytest

from architecture.source_tree import ROOT

TOOLS = {
    "types": ["mypy", "--strict"],
    "types of the addon": ["mypy", "--strict", "addons/recorder.py"],
    "lint": ["ruff", "check", "--no-fix", "--quiet", "."],
    "format": ["ruff", "format", "--check", "--quiet", "."],
}


@pytest.mark.parametrize("name", TOOLS)
@pytest.mark.timeout(600)
def test_a_tool_finds_nothing(name: str) -> None:
    """mypy --strict, ruff check and ruff format --check are silent on the whole tree."""
    command = [sys.executable, "-m", *TOOLS[name]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=580)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
