"""How much memory a running proxy holds, whichever process of the recorder it is."""

from __future__ import annotations

from pathlib import Path


def proxy_resident_kb(pid: int) -> int:
    """The greatest of `pid` and its descendants, without the writer."""
    return max(_resident_kb(one) for one in _tree(pid) if b"replay.record.writer" not in _command(one))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listed.read_text().split():
            found += _tree(int(child))
    return found


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _resident_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)
