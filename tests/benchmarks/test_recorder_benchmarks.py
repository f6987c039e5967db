"""The recorder's benchmarks run from end to end, short: no variant has an error, and what is lost is counted."""

from __future__ import annotations

import re

from benchmarks.scripts import run


def test_the_comparison_of_variants_runs() -> None:
    """No variant has an error at saturation, and the recorder says what it captured and dropped."""
    variants = ("direct", "mitmdump", "addon", "record")
    text = run(
        "recorder_speed.py", "--seconds", "1", "--rounds", "1", "--shapes", "get-1k", "--variants", ",".join(variants)
    )
    rows = {line.split("  ")[0].strip(): line for line in text.splitlines() if "; " in line and "rounds" not in line}
    for variant in variants:
        errors, account = re.search(r"  (\d+);(.*)$", rows[variant]).groups()
        assert errors == "0", rows[variant]
        assert variant != "record" or re.search(r"\d+, dropped", account)


def test_the_fixed_rates_run() -> None:
    """Direct, plain and recorded: as many answers as were due."""
    rows = [
        line.split()
        for line in run("recorder_latency.py", "--seconds", "1", "--rounds", "1", "--rates", "50").splitlines()
    ]
    errors = {row[0]: row[5] for row in rows if row and row[0] in {"direct", "mitmdump", "record"}}
    assert errors == {"direct": "0", "mitmdump": "0", "record": "0"}


def test_the_soak_runs() -> None:
    """A second's worth: all that was sent is captured, and nothing was dropped."""
    text = run("recorder_soak.py", "--rate", "50", "--minutes", "0.05", "--every", "1")
    sent, captured = re.search(r"sent (\d+); captured (\d+), dropped none, refused 0", text).groups()
    assert sent == captured == "150"
