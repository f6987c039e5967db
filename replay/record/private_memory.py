"""Raw traffic lives in memory only: no core file, and no other process of the same user may read it.

The limit alone is not enough: the kernel ignores it when cores go to a program (core(5), core_pattern with a pipe).
"""

from __future__ import annotations

import ctypes
import resource
import sys
from contextlib import suppress
from pathlib import Path

_PR_SET_DUMPABLE = 4  # prctl(2); also closes /proc/PID/mem and ptrace to other processes of the user


def keep_memory_private() -> None:
    """Never raises: where the system has no such switch, recording goes on."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def may_be_swapped(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> bool:
    """True when there is swap space, and no limit of this process's control group (v2) keeps it out. Never raises."""
    try:
        if len((proc / "swaps").read_text().splitlines()) < 2:  # a heading, then one line each
            return False
        own = next(line[3:] for line in (proc / "self" / "cgroup").read_text().splitlines() if line.startswith("0::"))
        folder = groups / own.lstrip("/")
        return not any(_has_none(one / "memory.swap.max") for one in (folder, *folder.parents))
    except (OSError, ValueError, StopIteration):
        return False


def _has_none(limit: Path) -> bool:
    try:
        return limit.read_text().strip() == "0"
    except (OSError, ValueError):
        return False
