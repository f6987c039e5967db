"""A reloaded addon finds what its predecessor left, once."""

from __future__ import annotations

import atexit

import pytest

from replay.record import handover


def test_the_successor_takes_over_and_nothing_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    at_exit: list[object] = []
    monkeypatch.setattr(atexit, "register", at_exit.append)
    monkeypatch.setattr(atexit, "unregister", at_exit.remove)
    ended: list[str] = []
    handover.park({"recording": 1}, lambda: ended.append("closed"))
    assert len(at_exit) == 1
    assert handover.adopt() == {"recording": 1}
    assert handover.adopt() is None
    assert (at_exit, ended) == ([], [])
