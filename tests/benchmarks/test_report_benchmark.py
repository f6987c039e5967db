"""The benchmark of the HTML report goes from end to end, small."""

from __future__ import annotations

from pathlib import Path

from benchmarks.report_cost import measure


def test_a_report_in_its_own_process_is_measured(tmp_path: Path) -> None:
    """The run file is one that the reader takes, and the page is there."""
    found = measure(tmp_path, 1000)
    assert found["peak_mb"] > 10
    assert 0 < found["page_mb"] < 2
