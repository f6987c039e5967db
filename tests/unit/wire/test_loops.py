"""uvloop is taken where it is, and never needed."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from replay.wire.loops import loop_factory


def test_a_run_takes_uvloop_where_it_is_installed(monkeypatch):
    """The extra `fast` is all that it takes."""
    made = object()
    monkeypatch.setitem(sys.modules, "uvloop", SimpleNamespace(new_event_loop=lambda: made))
    assert loop_factory()() is made


def test_a_run_without_uvloop_takes_the_loop_of_asyncio(monkeypatch):
    """As a core install does."""
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory() is None
