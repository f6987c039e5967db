"""Scripts for `mitmdump -s` that break something of the recorder's from within, once it runs, for every exchange."""

from __future__ import annotations

from pathlib import Path

BREAKAGES = {
    "offer raises": "Recording.offer = broken",
    "saw raises": "Recording.saw = broken",
    "offer and count_error raise": "Recording.offer = Recording.count_error = broken",
    "snapshots raise": "Snapshot.__new__ = Snapshot.__init__ = broken",
    "tees cannot be made": "Tee.__init__ = broken",
    "the budget of tees raises": "Budget.grant = Budget.give_back = broken",
}

_SCRIPT = """
from replay.record.recording import Recording
from replay.record.snapshot import Snapshot
from replay.record.tee import Budget, Tee


def broken(*_args, **_kwargs):
    raise RuntimeError("broken on purpose")


def client_connected(_client):
    {breakage}
"""


def write_breakage(name: str, folder: Path) -> Path:
    path = folder / "breakage.py"
    path.write_text(_SCRIPT.format(breakage=BREAKAGES[name]))
    return path
