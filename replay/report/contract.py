"""What a reporter is: a listener to the engine's events. It renders, it never decides."""

from __future__ import annotations

from typing import Protocol

from replay.model.event import Event


class Reporter(Protocol):
    """Told every event in order; `close` is called once, also when the run was stopped early."""

    @property
    def name(self) -> str: ...

    def on_event(self, event: Event) -> None: ...

    def close(self) -> None: ...
