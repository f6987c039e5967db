"""Benchmarks are scripts; tests run them briefly, so that they do not rot."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def run(script: str, *words: str) -> str:
    """What the script prints."""
    if not all(shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin") for name in ("wrk", "nginx", "taskset")):
        pytest.skip("needs wrk and nginx")
    command = [sys.executable, str(FOLDER / script), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    return done.stdout
