"""A reader who has seen enough changes no exit status: `replay redact audit … | head -1`, with pipefail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from make import exchange
from make_capture import write_capture
from replay.model.exchange import Exchange


def planted(i: int) -> Exchange:
    return exchange(f"e{i}", "GET", f"/orders/{i}", answer={f"name{i}_{j}": "x y" for j in range(40)}, at=1000.0 + i)


@pytest.mark.parametrize(("words", "status"), [(("--fail-on", "default"), 1), (("--fail-on", "never"), 0)])
def test_an_audit_whose_reader_left_still_fails(tmp_path: Path, words: tuple[str, ...], status: int) -> None:
    """More is written than a pipe holds, and nobody reads it; there is no traceback."""
    path = write_capture(tmp_path / "c.db", [planted(i) for i in range(60)])
    command = [sys.executable, "-m", "replay", "redact", "audit", str(path), "--quiet", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.read(40).startswith(str(path).encode()[:40])
    process.stdout.close()
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (status, b"")
