"""What a cell of a capture may hold, asked when it is read: a capture may come from a stranger.

Rule: every function gives the value back or raises DamagedCellError, which says nothing of the value.
"""

from __future__ import annotations

from typing import Any

MOST_TEXT = 1 << 20  # a target or a name longer than this comes from no recorder
_MOST_COUNT = 1 << 53
MOST_SECONDS = 3e11  # ten thousand years; infinity would wait for ever


class DamagedCellError(ValueError):
    """A cell that our writer would not have made."""


def text(value: Any, most: int = MOST_TEXT) -> str:
    if type(value) is not str or len(value) > most:
        raise DamagedCellError
    return value


def data(value: Any) -> bytes:
    if type(value) is not bytes:
        raise DamagedCellError
    return value


def whole(value: Any, least: int = 0, most: int = _MOST_COUNT) -> int:
    """An integer within bounds."""
    if type(value) is not int or not least <= value <= most:
        raise DamagedCellError
    return value


def seconds(value: Any) -> float:
    if type(value) not in (float, int) or not -MOST_SECONDS <= value <= MOST_SECONDS:  # NaN fails, too
        raise DamagedCellError
    return float(value)


def flag(value: Any) -> bool:
    if type(value) is not int or value not in (0, 1):
        raise DamagedCellError
    return value == 1


def one_of(value: Any, allowed: frozenset[str]) -> str:
    if type(value) is not str or value not in allowed:
        raise DamagedCellError
    return value
