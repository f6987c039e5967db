"""The benchmark of sending runs from end to end, short: every variant that is here has a figure."""

from __future__ import annotations

import sys

import pytest

from benchmarks import replayer_sending


def test_what_a_replayed_request_costs_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Replays and a plain client send the same requests; a request that is not answered as recorded ends it."""
    monkeypatch.setattr(sys, "argv", ["replayer_sending.py", "--exchanges", "40", "--rounds", "1"])
    monkeypatch.setattr(replayer_sending, "variants", lambda: {"replay": True, "aiohttp ClientSession": True})
    replayer_sending.main()
    rows = {line[:28].strip(): line[28:].split() for line in capsys.readouterr().out.splitlines()}
    for variant in ("replay", "replay, first time"):
        assert float(rows[variant][0]) > 0
    assert rows["aiohttp ClientSession"][1] == "1.00"
