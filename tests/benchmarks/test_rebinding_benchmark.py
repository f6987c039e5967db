"""The benchmark of rebinding still runs, and both ways still give the same requests."""

from __future__ import annotations

import pytest

from benchmarks.rebinding_speed import main, measure


def test_every_request_is_measured_both_ways(capsys: pytest.CaptureFixture[str]) -> None:
    """Four kinds of request; sameness is asserted inside, times are not."""
    assert len(measure(2)) == 4
    main(1)
    assert "JSON, 400 bytes" in capsys.readouterr().out
