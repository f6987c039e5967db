"""One process writes a capture: a second one is told so, and a dead one keeps nobody out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from replay.model.errors import FileFormatError
from replay.store.claim import claimed

HOLD = """import sys
from pathlib import Path
from replay.store.claim import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    """While the first one lives; afterwards the name is free, and no lock file is left."""
    path = tmp_path / "c.db"
    process = holder(path)
    with pytest.raises(FileFormatError, match="another recorder"), claimed(path):
        pass
    process.communicate()
    with claimed(path):
        assert [one.name for one in tmp_path.iterdir()] == [".c.db.lock"]
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_keeps_nobody_out(tmp_path: Path) -> None:
    """Its file is left behind, its lock is not."""
    path = tmp_path / "c.db"
    process = holder(path)
    process.kill()
    process.communicate()
    assert (tmp_path / ".c.db.lock").exists()
    with claimed(path):
        pass


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    """What it points to stays as it is."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".c.db.lock").symlink_to(victim)
    with claimed(tmp_path / "c.db"):
        pass
    assert victim.read_text() == "precious"
