"""After a backlog a proxy holds what it held before: measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys

from replay.record.spare_memory import WORTH_BYTES, SpareMemory

BACKLOG = """
import sys
from replay.record.spare_memory import SpareMemory

def resident_mb():
    return int(open("/proc/self/statm").read().split()[1]) * 4 / 1024

spare, kept, queue, held = SpareMemory(), [], [], 0
for i in range(12_000):
    body = b"x" * 1100 + b"%d" % i, b"y" * 1200 + b"%d" % i
    queue.append(("10.0.0.1:%d" % i, (b"Host", b"shop-%d" % i), *body, float(i)))
    held += 2500
    if i % 50 == 0:
        kept.append(b"k" * 700)  # what lives on lies between
    assert not spare.note(held)
full = resident_mb()
queue.clear()
was_given = spare.note(40_000)
print(was_given, full, resident_mb())
"""


def test_a_backlog_leaves_nothing_behind() -> None:
    """What a starved writer made the proxy hold, tens of megabytes, is the system's again when it is written."""
    said = subprocess.run([sys.executable, "-c", BACKLOG], capture_output=True, text=True, check=True, timeout=60)
    was_given, full, after = said.stdout.split()
    assert was_given == "True"
    assert float(after) < float(full) - 15


def test_nothing_is_given_back_before_the_backlog_is_gone_or_twice() -> None:
    """The call is not free, so a usual queue never makes it."""
    spare = SpareMemory()
    assert not any(spare.note(held) for held in (1000, 60_000, WORTH_BYTES - 1, 0))
    assert not any(spare.note(held) for held in (WORTH_BYTES * 2, WORTH_BYTES))
    spare.note(1000)
    assert not spare.note(500)
