"""Words that may stay: names of fields, and values of closed lists, that were learned or taken from a schema.

Rule: a lexicon is fixed for the life of a capture. A word that became readable half-way would give its stand-in away.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much may stay without a rule that says so."""

    STRICT = "strict"  # names and words of the vocabulary, and numbers that count something
    BALANCED = "balanced"  # and what looks as if a programmer had written it, and numbers of up to eight digits


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """`names` are whole names as written (`orderId`); `values` are texts by place pattern (`body.items[*].status`)."""

    level: Level = Level.STRICT
    names: frozenset[str] = frozenset()
    values: frozenset[tuple[str, str]] = frozenset()


BUILT_IN = Lexicon()
