"""The benchmarks of redaction behind a real proxy run from end to end, short: no request fails."""

from __future__ import annotations

import re

from benchmarks.scripts import run


def test_the_lag_beside_large_bodies_runs() -> None:
    """Quiet and busy, plain and recorded: every answer came."""
    text = run("redact_lag.py", "--seconds", "1", "--rounds", "1", "--rate", "40")
    errors = dict(re.findall(r"^(mitmdump|record) .*  (\d+); ", text, re.MULTILINE))
    assert errors == {"mitmdump": "0", "record": "0"}


def test_the_cost_of_recorded_exchanges_runs() -> None:
    """What the cost is divided by was recorded: nothing failed, was dropped or refused."""
    text = run("recorder_cost.py", "--seconds", "1", "--rounds", "1", "--rate", "40", "--shapes", "same 1 KB,bank 1 KB")
    assert re.findall(r"(\d+) errors;.*dropped (\S+), refused (\d+)", text) == [("0", "none", "0")] * 2
