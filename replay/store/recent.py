"""A small memory of what was stored before: least recently used entries go first.

Rule: it is a cache only. Forgetting costs a look into the file, or one text stored twice, never a wrong row.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Recent(Generic[Key]):
    """Row ids by key, bounded by a number of entries and by what their keys weigh."""

    def __init__(self, most_entries: int, most_bytes: int = 8 << 20) -> None:
        self._most_entries = most_entries
        self._most_bytes = most_bytes
        self._ids: OrderedDict[Key, tuple[int, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Key) -> int | None:
        found = self._ids.get(key)
        if found is None:
            return None
        self._ids.move_to_end(key)
        return found[0]

    def put(self, key: Key, row_id: int, weight_bytes: int = 0) -> None:
        old = self._ids.pop(key, None)
        self._ids[key] = (row_id, weight_bytes)
        self._bytes += weight_bytes - (old[1] if old else 0)
        while len(self._ids) > self._most_entries or self._bytes > self._most_bytes:
            self._bytes -= self._ids.popitem(last=False)[1][1]

    def clear(self) -> None:
        self._ids.clear()
        self._bytes = 0
