"""What a redactor is, and the notes in which it tells what it did.

Rule: a redactor is pure and total. It looks only at its own part of the exchange, and it never hands out a value:
notes carry places, classes and counts; the originals that they collect for the second look never leave the process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, Protocol

from replay.model.capture import RedactedField
from replay.model.exchange import Exchange
from replay.redact.guide import PLAIN, Guide
from replay.redact.kinds import Action, Side, ValueClass
from replay.redact.pseudonyms import Pseudonym

__all__ = ["Action", "Change", "Notes", "Original", "Redactor", "Side", "ValueClass"]


Original = tuple[ValueClass, str]


class Change(NamedTuple):
    """A value's new text and what was done to it; `action` None when it stays.

    `originals` are what is now hidden, `kept` the texts that stayed inside a container.
    """

    text: str
    value_class: ValueClass = ValueClass.KEPT
    action: Action | None = None
    originals: tuple[Original, ...] = ()
    kept: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Change({self.value_class})"


@dataclass(slots=True, repr=False)
class Notes:
    """The clipboard of one exchange: what may stay here, and what was done.

    `guide` says what the policy wants at this endpoint. `words` are the names and words that stayed: the second look
    does not take them for survivors.
    """

    guide: Guide = PLAIN
    originals: set[Original] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    counts: dict[tuple[Side, str, ValueClass, Action], int] = field(default_factory=dict)

    def did(self, side: Side, place: str, value_class: ValueClass, action: Action) -> None:
        """Count one value of `value_class` at `place` (a pattern) as replaced."""
        key = (side, place, value_class, action)
        self.counts[key] = self.counts.get(key, 0) + 1

    def apply(self, side: Side, place: str, change: Change) -> str:
        """Note a change of a value and hand its text on."""
        if change.action is None:
            self.words.add(change.text)
        else:
            self.did(side, place, change.value_class, change.action)
        if change.originals:
            self.originals.update(change.originals)
        if change.kept:
            self.words.update(change.kept)
        return change.text

    def add(self, other: Notes) -> None:
        """Take over what stands on another clipboard."""
        if other.originals:
            self.originals |= other.originals
        if other.words:
            self.words |= other.words
        for key, count in other.counts.items():
            self.counts[key] = self.counts.get(key, 0) + count

    def fields(self, endpoint: str) -> tuple[RedactedField, ...]:
        """What was done, in a stable order."""
        return tuple(
            _field(endpoint, side, place, value_class, action, count)
            for (side, place, value_class, action), count in sorted(self.counts.items())
        )


@lru_cache(maxsize=4096)
def _field(endpoint: str, side: Side, place: str, value_class: ValueClass, action: Action, count: int) -> RedactedField:
    return RedactedField(endpoint, side.value, place, value_class.value, action.value, count)


class Redactor(Protocol):
    """One file, one class, a frozen dataclass whose fields are its configuration (`[redactors.NAME]`)."""

    @property
    def name(self) -> str: ...

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        """The exchange with this redactor's part replaced. Never raises on any input; reads no clock and no chance."""
        ...
