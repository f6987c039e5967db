"""The benchmarks of redaction behind a real proxy run from end to end, short: no request fails."""

from __future__ import annotations

import re
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


def test_the_lag_beside_large_bodies_runs() -> None:
    """Quiet and busy, plain and recorded: every answer came."""
    text = run("redact_lag.py", "--seconds", "1", "--rounds", "1", "--rate", "40")
    errors = dict(re.findall(r"^(mitmdump|record) .*  (\d+); ", text, re.MULTILINE))
    assert errors == {"mitmdump": "0", "record": "0"}


def test_the_cost_of_recorded_exchanges_runs() -> None:
    """What the cost is divided by was recorded: nothing failed, was dropped or refused."""
    text = run("recorder_cost.py", "--seconds", "1", "--rounds", "1", "--rate", "40", "--shapes", "same 1 KB,bank 1 KB")
    assert re.findall(r"(\d+) errors;.*dropped (\S+), refused (\d+)", text) == [("0", "none", "0")] * 2
