"""Words that may stay: names of fields, and values of closed lists, that were learned or taken from a schema.

Rule: a lexicon is fixed for the life of a capture. A word that became readable half-way would give its stand-in away.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from replay.redact import known_words, vocabulary
from replay.redact.vocabulary import KeyRole


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

    @property
    def is_strict(self) -> bool:
        return self.level is Level.STRICT

    def knows_name(self, name: str) -> bool:
        """True when a JSON key, parameter, cookie, header or field name may stay."""
        if name in self.names:
            return True
        return vocabulary.is_plain_name(name) and (not self.is_strict or known_words.is_made_of_words(name))

    def parts_of(self, name: str) -> tuple[tuple[str, bool], ...]:
        """The pieces of a compound name that may not stay as a whole, each with whether it may; empty when none may."""
        return known_words.parts_of(name) if self.is_strict and vocabulary.is_plain_name(name) else ()

    def knows_route(self, segment: str) -> bool:
        """True when a word of a path may stay."""
        if segment in self.names:
            return True
        return vocabulary.is_route_word(segment) and (not self.is_strict or known_words.is_made_of_words(segment))

    def knows_word(self, role: KeyRole, value: str) -> bool:
        """True when `value` is a word (or words) of a closed list, under a name of `role` that holds such."""
        return vocabulary.is_enum_word(role, value) and (not self.is_strict or known_words.is_value(value))


BUILT_IN = Lexicon()
