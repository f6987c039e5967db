"""A case, and what both ends of it saw: the same case is played on every way to the upstream, and compared."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from integration.record.transparency.http1 import StalledError
from integration.record.transparency.wire import Entry, Wire


class Stage:
    """Handshakes between the two scripts of one case: events, so that nothing depends on a clock."""

    def __init__(self, patience: float, *, keeps_chunks: bool = False) -> None:
        self.patience = patience
        self.keeps_chunks = keeps_chunks
        self._events: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def tell(self, event: str) -> None:
        self._event(event).set()

    def wait(self, event: str) -> None:
        """Raises StalledError when the other script does not get there."""
        if not self._event(event).wait(self.patience):
            raise StalledError(f"waiting for: {event}")

    def _event(self, name: str) -> threading.Event:
        with self._lock:
            return self._events.setdefault(name, threading.Event())


Script = Callable[[Wire, Stage], None]


@dataclass(frozen=True)
class Case:
    """`exchanges`: how many a recorder must have seen. `keeps_chunks`: chunk size lines are compared as well."""

    name: str
    client: Script
    upstream: Script
    exchanges: int = 1
    keeps_chunks: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What the client saw, and what the upstream saw on each connection."""

    client: tuple[Entry, ...]
    upstream: tuple[tuple[Entry, ...], ...]
