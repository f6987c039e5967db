"""Checks of lists whose length varies, and of what comes and goes: their types, that they hold anything, their keys."""

from __future__ import annotations

from collections.abc import Sequence

from replay.diff.populations import Population
from replay.diff.recurrence import Stray, same_each_time, stray

_CROWD, _FEW = 10, 5  # elements or lists at least, before they are a crowd


def other_types(before: Population, crowds: Sequence[Population]) -> Stray | None:
    """A place that comes and goes: where it is there, it is of another type than it ever was."""
    was = {name for _, name in before.types} - {"null"}
    now = [{name for _, name in crowd.types} - {"null"} for crowd in crowds]
    if not was or not all(now) or any(was & one for one in now):
        return None
    there = [one for one, name in crowds[0].types if name != "null"]
    return stray(there, before, f"{_or(was)} as recorded, here {_or(set().union(*now))}")


def emptied(before: Population, crowds: Sequence[Population]) -> Stray | None:
    """A list whose length varies, which was never empty and now is, at the same exchanges in every replay."""
    if len(before.lengths) < _FEW or not all(length for _, length in before.lengths):
        return None
    empty = [[one for one, length in crowd.lengths if not length] for crowd in crowds]
    found = same_each_time(empty, len(before.lengths))
    return stray(found, before, "empty; it never was in the recording") if found else None


def lost_keys(before: Population, crowds: Sequence[Population]) -> Stray | None:
    """Elements of loose lists that lack a key which all elements had, or hold one that none had."""
    known = [keys for _, keys in before.keys]
    if len(known) < _CROWD:
        return None
    always, ever = frozenset.intersection(*known), frozenset().union(*known)
    strange = [[one for one, keys in crowd.keys if not always <= keys <= ever] for crowd in crowds]
    found = same_each_time(strange, len({one for one, _ in before.keys}))
    if not found:
        return None
    keys = next(keys for one, keys in crowds[0].keys if one in found and not always <= keys <= ever)
    name = min((always - keys) or (keys - ever))
    what = "is missing" if name in always else "is new"
    return stray(found, before, f"{name} {what} in elements of the list", name)


def _or(names: set[str]) -> str:
    return " or ".join(sorted(names))
