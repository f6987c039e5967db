"""The benchmarks of whole runs go from end to end, small: totals are exact, every stage is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.large_capture import write
from benchmarks.light_target import light_target
from benchmarks.replayer_memory import measure
from benchmarks.replayer_pipeline import by_stage, plain


def test_a_run_in_its_own_process_is_measured(tmp_path: Path) -> None:
    """Every exchange twice; `measure` itself checks the totals."""
    found = measure(tmp_path, 60)
    assert found["rss_mb"] > 10
    assert found["file_bytes"] > 0


def test_the_stages_of_a_run_add_up(tmp_path: Path) -> None:
    """Reading, learning, sending, comparing and storing each take their part; a plain client sends the same."""
    capture = write(tmp_path / "capture.db", 60)
    with light_target() as url:
        assert asyncio.run(plain(url, 60)) > 0
        stages, sent = asyncio.run(by_stage(capture, url, tmp_path / "run.db", keep=True))
    assert sent == 120
    assert set(stages.seconds) == {"read", "learn", "rebind, send, receive", "compare", "store"}
