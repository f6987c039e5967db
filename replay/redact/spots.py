"""Places of documents, and what was decided for each: made of names and rules alone, so they hold for every exchange.

Spot   one place (`body.items[*].id`): what name and policy say, and which cache knows its values
Shape  the keys of one kind of object at a spot: new names and the spots of its values
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple, Protocol

from replay.model.tree import Scalar
from replay.redact.contract import Action, Notes, Side
from replay.redact.lexicon import Lexicon
from replay.redact.memory import Generations, Memory
from replay.redact.number_rules import keeps_fractions, small_of
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rule_book import Cursor, Sheet
from replay.redact.rules import Decision, ruled_role
from replay.redact.vocabulary import KeyRole, is_error_parent, is_password_name, role_of

_MOST_KEYS = 200  # of an object whose shape is remembered: more is a map, whose keys are data
_MOST_SHAPES = 256  # at one spot
_MOST_RECORD_KEYS = 50  # an object with more, of which a quarter is unknown, is a map: all its keys are data
_NO_VALUES = Generations(0)  # of a spot with a rule; nothing is ever put in


class Desk(Protocol):
    """What of a `Rewriter` is needed here."""

    pseudonym: Pseudonym
    notes: Notes
    side: Side
    nesting: int

    def scalar(self, name: str, value: Scalar, place: str, in_error: bool = False) -> Scalar: ...
    def decided(self, decision: Decision, name: str, value: Scalar, place: str, in_error: bool = False) -> Scalar: ...
    def name(self, name: str, place: str, in_map: bool = False) -> str: ...


class Frame(NamedTuple):
    """What all spots of one kind of documents have in common."""

    memory: Memory
    nesting: int
    lexicon: Lexicon
    sheet: Sheet | None
    names: Sheet | None
    scope: Hashable  # see `Guide.scope`

    def stays(self, name: str) -> bool:
        """True when a key is no data, and no rule is about it."""
        return self.lexicon.knows_name(name) and (self.names is None or self.names.field("name", name) is None)

    def decision(self, cursor: Cursor | None, place: str) -> Decision | None:
        ruled = cursor.decision if cursor is not None else None
        return ruled or (self.sheet.defaults.get(place) if self.sheet is not None else None)


class Spot:
    """A place, and the nearest name above it. Made of names alone, so it holds for every exchange of its frame."""

    __slots__ = (
        "_below",
        "_cursor",
        "_element",
        "_frame",
        "decision",
        "in_error",
        "keeps_fractions",
        "name",
        "place",
        "shapes",
        "small",
        "values",
    )

    def __init__(self, frame: Frame, place: str, name: str, in_error: bool, cursor: Cursor | None) -> None:
        frame.memory.count_spot()
        role = role_of(name, in_error)
        self._frame = frame
        self._cursor = cursor
        self._element: Spot | None = None
        self._below: dict[str, tuple[str, Spot, Spot]] = {}
        self.place = place
        self.name = name
        self.in_error = in_error
        self.decision = frame.decision(cursor, place)
        is_strict, is_free = frame.lexicon.is_strict, self.decision is None
        self.small = small_of(role, is_strict) if is_free else 0
        self.keeps_fractions = is_free and keeps_fractions(role, is_strict)
        self.values = self._known_values(role)
        self.shapes: dict[tuple[str, ...], Shape] = {}

    def is_map(self, keys: list[str]) -> bool:
        """True when the keys of a large object name things, not fields, so that none of them may stay."""
        if len(keys) <= _MOST_RECORD_KEYS or not self._frame.lexicon.is_strict:
            return False
        return 4 * sum(not self._frame.stays(key) for key in keys) > len(keys)

    def _known_values(self, role: KeyRole) -> Generations:
        """What became of texts here: those of the role, or those of the rule; of what is dropped, nothing is known."""
        frame, decision = self._frame, self.decision
        if self.is_dropped:
            return _NO_VALUES
        key = role if decision is None else ruled_role(decision, role)
        return frame.memory.values(key, frame.nesting, frame.scope)

    @property
    def is_ruled(self) -> bool:
        """True when a rule reaches what is neither text nor number, too."""
        return self.decision is not None and self.decision.action is not Action.KEEP

    @property
    def is_dropped(self) -> bool:
        """True when whatever stands here goes, an object or list as a whole."""
        return self.decision is not None and self.decision.action is Action.DROP

    @property
    def may_rule(self) -> bool:
        """True when a rule may hold for something below."""
        return self._frame.sheet is not None

    def element(self) -> Spot:
        """The elements of a list at this place."""
        if self._element is None:
            cursor = self._cursor.element() if self._cursor is not None else None
            self._element = Spot(self._frame, f"{self.place}[*]", self.name, self.in_error, cursor)
        return self._element

    def below(self, key: str, new: str) -> Spot:
        """The value under `key`, which is written as `new`."""
        name = self.name if is_password_name(self.name) else key
        place = f"{self.place}.{new}" if self.place else new
        cursor = self._cursor.member(key) if self._cursor is not None else None
        return Spot(self._frame, place, name, self.in_error, cursor)

    def field(self, key: str) -> tuple[str, Spot, Spot]:
        """A plain key, the spot of a leaf under it, and that of an object or list: they may stand inside an error."""
        known = self._below.get(key)
        if known is None:
            leaf = self.below(key, key)
            known = self._below[key] = (key, leaf, leaf.inside())
        return known

    def shape(self, keys: tuple[str, ...]) -> Shape | None:
        """None when a key is data, or there are too many: such an object is walked name by name."""
        known = self.shapes.get(keys)
        if known is None and len(keys) <= _MOST_KEYS and all(map(self._frame.stays, keys)):
            fields = tuple(map(self.field, keys))
            known = Shape(frozenset(keys), fields, any(leaf.is_ruled for _, leaf, _ in fields))
            if len(self.shapes) < _MOST_SHAPES:
                self.shapes[keys] = known
        return known

    def inside(self) -> Spot:
        """This spot as that of an object or list."""
        if self.in_error or not is_error_parent(self.name):
            return self
        return Spot(self._frame, self.place, self.name, True, self._cursor)


class Shape(NamedTuple):
    """The plain keys of an object and the spots of their values."""

    keys: frozenset[str]
    fields: tuple[tuple[str, Spot, Spot], ...]
    is_ruled: bool  # a rule of the policy reaches every kind of value
