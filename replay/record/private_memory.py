"""Raw traffic lives in memory only: no core file, and no other process of the same user may read it.

The limit alone is not enough: the kernel ignores it when cores go to a program (core(5), core_pattern with a pipe).
"""

from __future__ import annotations

import ctypes
import resource
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4  # prctl(2); also closes /proc/PID/mem and ptrace to other processes of the user


def keep_memory_private() -> None:
    """Never raises: where the system has no such switch, recording goes on."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
