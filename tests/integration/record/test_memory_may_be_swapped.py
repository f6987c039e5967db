"""Whether raw traffic in memory may get to a disk as swap: told from what Linux says about this machine and service."""

from __future__ import annotations

from pathlib import Path

import pytest

from replay.record.private_memory import may_be_swapped

HEAD = "Filename\tType\tSize\tUsed\tPriority\n"
SPACE = HEAD + "/dev/vda2\tpartition\t4194300\t0\t-2\n"


@pytest.mark.parametrize(
    ("swaps", "limits", "may"),
    [
        (HEAD, {}, False),
        (SPACE, {}, True),
        (SPACE, {"system.slice/replay.service": "max"}, True),
        (SPACE, {"system.slice/replay.service": "0"}, False),
        (SPACE, {"system.slice": "0", "system.slice/replay.service": "max"}, False),
        (SPACE, {"other.slice": "0"}, True),
    ],
)
def test_swap_space_counts_unless_a_limit_keeps_it_out(
    tmp_path: Path, swaps: str, limits: dict[str, str], may: bool
) -> None:
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    (proc / "self").mkdir(parents=True)
    (proc / "swaps").write_text(swaps)
    (proc / "self" / "cgroup").write_text("4:memory:/x\n0::/system.slice/replay.service\n")
    for name, limit in limits.items():
        (groups / name).mkdir(parents=True, exist_ok=True)
        (groups / name / "memory.swap.max").write_text(limit + "\n")
    assert may_be_swapped(proc, groups) is may


def test_a_system_that_does_not_say_is_no_error(tmp_path: Path) -> None:
    assert may_be_swapped(tmp_path, tmp_path) is False
