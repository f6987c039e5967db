"""The cache of featured courses.

Rule: an entry loaded before a change is never stored after it, so readers see their own tenant's latest courses.
"""

from __future__ import annotations

from typing import Any

from replay.demo.shop.clock import now

Items = list[dict[str, Any]]


class FeaturedCache:
    """Answers kept for a while under a key; the shop's tenant is the key, or with the fault the bare path."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[float, Items]] = {}
        self._changes: dict[str, int] = {}

    def get(self, key: str) -> Items | None:
        """The entry, unless it is absent or too old."""
        found = self._entries.get(key)
        if found is None or found[0] <= now().timestamp():
            return None
        return found[1]

    def changes(self, key: str) -> int:
        """How often the key was forgotten; read it before loading."""
        return self._changes.get(key, 0)

    def put(self, key: str, items: Items, *, seconds: float, loaded_at_change: int) -> None:
        """Keeps an entry, unless something changed while it was loaded."""
        if self.changes(key) == loaded_at_change:
            self._entries[key] = (now().timestamp() + seconds, items)

    def forget(self, key: str) -> None:
        """Drops an entry because what it shows has changed."""
        self._changes[key] = self.changes(key) + 1
        self._entries.pop(key, None)
