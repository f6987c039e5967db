"""Header fields as they were sent: order, case and repetition kept (RFC 9110 section 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MOMENTS = frozenset({"date", "expires", "last-modified"})
"""Fields whose value is a time of this very second and never comes back: caches keep a few of them, not all."""


@dataclass(frozen=True, slots=True, repr=False)
class Headers:
    """An immutable sequence of (name, value). Names compare case-insensitively; values are latin-1 text."""

    fields: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Headers:
        return cls(tuple((name, value) for name, value in pairs))

    def get(self, name: str, default: str = "") -> str:
        """The first value of `name`, or `default`."""
        wanted = name.lower()
        for key, value in self.fields:
            if key == name or key.lower() == wanted:
                return value
        return default

    def get_all(self, name: str) -> tuple[str, ...]:
        wanted = name.lower()
        return tuple(value for key, value in self.fields if key.lower() == wanted)

    def __contains__(self, name: str) -> bool:
        wanted = name.lower()
        return any(key.lower() == wanted for key, _ in self.fields)

    def without(self, *names: str) -> Headers:
        gone = {name.lower() for name in names}
        return Headers(tuple(pair for pair in self.fields if pair[0].lower() not in gone))

    def replaced(self, name: str, value: str) -> Headers:
        """`name` holds `value` once, at the place where it stood first (or at the end)."""
        wanted, done = name.lower(), False
        out: list[tuple[str, str]] = []
        for key, old in self.fields:
            if key.lower() != wanted:
                out.append((key, old))
            elif not done:
                out.append((key, value))
                done = True
        if not done:
            out.append((name, value))
        return Headers(tuple(out))

    def __repr__(self) -> str:  # names only: a value may be a secret
        return f"Headers({', '.join(name for name, _ in self.fields)})"
