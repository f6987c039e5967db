"""The benchmark of the wire runs from end to end, short: every variant that is here has a figure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_comparison_of_lanes_runs() -> None:
    """Both lanes and aiohttp's session send what was asked for, and copies are timed."""
    script = Path(__file__).parent / "replayer_wire.py"
    words = [sys.executable, str(script), "--requests", "300", "--rounds", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    rows = {line[:24].strip(): line[24:].split() for line in done.stdout.splitlines()}
    for variant in ("fast lane", "general lane", "aiohttp ClientSession"):
        assert float(rows[variant][0]) > 0
    assert rows["aiohttp ClientSession"][2] == "1.00"
    assert done.stdout.count("us from first to last") == 2
