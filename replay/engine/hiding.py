"""Where live values become stand-ins: between the wire and everybody who judges, stores or shows.

Rule: whatever of the target leaves the stage (attempts, rows, bound values) has gone through here. The rebinder and
the driver alone see what the target really said.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from replay.model.evidence import Attempt
from replay.model.exchange import Request
from replay.model.reading import RowChange


class Hiding(Protocol):
    """`replay.redact.live.LiveRedaction` is one."""

    def attempt(self, attempt: Attempt) -> Attempt:
        """The attempt as it may be stored."""
        ...

    def change(self, change: RowChange) -> RowChange: ...

    def renamed(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """(recorded, live) values."""
        ...

    def allow_sent(self, requests: Iterable[Request]) -> None:
        """Mutated requests before the target's values are put in: all that they say is ours."""
        ...

    def allow_texts(self, texts: Iterable[str]) -> None:
        """Values that replay made."""
        ...


class AsItIs:
    """Live values stay: for tests, and for those who asked for it by `--keep-live-values`."""

    def attempt(self, attempt: Attempt) -> Attempt:
        return attempt

    def change(self, change: RowChange) -> RowChange:
        return change

    def renamed(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        return tuple(pairs)

    def allow_sent(self, requests: Iterable[Request]) -> None:
        del requests

    def allow_texts(self, texts: Iterable[str]) -> None:
        del texts
