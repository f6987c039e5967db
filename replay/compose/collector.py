"""How often Python looks for reference cycles while a run goes on: seldom, for a run makes hardly any.

A run holds several hundred thousand small objects for minutes (a group of sessions, its bindings, its answers), and
each look at all of them finds nothing: with the interpreter's own thresholds this took a quarter of all CPU (measured).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 50_000  # before the youngest are looked at; the interpreter's own is 700, or 2000
_GENERATIONS = (20, 20)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """What was there before (modules, above all) is not looked at; everything is as it was afterwards."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *_GENERATIONS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
