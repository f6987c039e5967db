"""A walk over a document that replaces its keys and leaves, without recursion, by decisions made once for each place.

    Spot   one place of documents (`body.items[*].id`): what its name says, and which cache knows its values
    Shape  the keys of one kind of object at a spot: new names and the spots of its values

The first object of a shape makes the decisions; those after it cost one look-up for the keys and one for each value.
"""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple, Protocol

from replay.model.tree import Scalar, Tree
from replay.redact.contract import Notes, Original, Side
from replay.redact.memory import Memory
from replay.redact.pseudonyms import Pseudonym
from replay.redact.vocabulary import KeyRole, is_error_parent, is_password_name, is_plain_name, role_of

_MOST_KEYS = 200  # of an object whose shape is remembered: more is a map, whose keys are data
_MOST_SHAPES = 256  # at one spot
_SMALL = 99_999_999  # what is nearer to zero, has eight digits also when rounded: no card, no long number (detectors)
_TELLING = frozenset(
    (KeyRole.SECRET, KeyRole.PHONE, KeyRole.NUMBER, KeyRole.TOKEN, KeyRole.BIRTH, KeyRole.GEO)
)  # roles under which a number of any size is replaced


class Desk(Protocol):
    """What of a `Rewriter` is needed here."""

    pseudonym: Pseudonym
    notes: Notes
    side: Side
    nesting: int

    def scalar(self, name: str, value: Scalar, place: str, in_error: bool = False) -> Scalar: ...
    def name(self, name: str, place: str) -> str: ...


class Spot:
    """A place, and the nearest name above it. Made of names alone, so it holds for every exchange."""

    __slots__ = (
        "_below",
        "_element",
        "_memory",
        "_nesting",
        "in_error",
        "keeps_small",
        "name",
        "place",
        "shapes",
        "values",
    )

    def __init__(self, memory: Memory, place: str, name: str, in_error: bool, nesting: int) -> None:
        memory.count_spot()
        role = role_of(name, in_error)
        self._memory = memory
        self._nesting = nesting
        self._element: Spot | None = None
        self._below: dict[str, tuple[str, Spot, Spot]] = {}
        self.place = place
        self.name = name
        self.in_error = in_error
        self.keeps_small = role not in _TELLING
        self.values = memory.values(role, nesting)
        self.shapes: dict[tuple[str, ...], Shape] = {}

    def element(self) -> Spot:
        """The elements of a list at this place."""
        if self._element is None:
            self._element = Spot(self._memory, f"{self.place}[*]", self.name, self.in_error, self._nesting)
        return self._element

    def below(self, key: str, new: str) -> Spot:
        """The value under `key`, which is written as `new`."""
        name = self.name if is_password_name(self.name) else key
        place = f"{self.place}.{new}" if self.place else new
        return Spot(self._memory, place, name, self.in_error, self._nesting)

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
        if known is None and len(keys) <= _MOST_KEYS and all(map(is_plain_name, keys)):
            known = Shape(frozenset(keys), tuple(map(self.field, keys)))
            if len(self.shapes) < _MOST_SHAPES:
                self.shapes[keys] = known
        return known

    def inside(self) -> Spot:
        """This spot as that of an object or list."""
        if self.in_error or not is_error_parent(self.name):
            return self
        return Spot(self._memory, self.place, self.name, True, self._nesting)


class Shape(NamedTuple):
    """The plain keys of an object and the spots of their values."""

    keys: frozenset[str]
    fields: tuple[tuple[str, Spot, Spot], ...]


def rewritten(desk: Desk, tree: Tree, place: str) -> Tree:
    """`tree` with every key and leaf rewritten. Changes the containers of `tree` in place: hand in a fresh one."""
    if not isinstance(tree, (dict, list)):
        return desk.scalar("", tree, place)
    stack: list[tuple[dict[str, Tree] | list[Tree], Spot]] = [(tree, _root(desk, place))]
    hidden: list[tuple[Original, ...]] = []
    while stack:
        node, spot = stack.pop()
        if isinstance(node, list):
            _list(desk, node, spot.element(), stack, hidden)
            continue
        shape = spot.shape(tuple(node))
        if shape is None:
            _map(desk, node, spot, stack)
        else:
            _object(desk, node, shape, stack, hidden)
    desk.notes.originals.update(chain.from_iterable(hidden))
    return tree


Stack = list[tuple[dict[str, Tree] | list[Tree], Spot]]


def _root(desk: Desk, place: str) -> Spot:
    spots = desk.pseudonym.memo.spots
    found: Spot | None = spots.get((place, desk.nesting))
    if found is None:
        found = spots[place, desk.nesting] = Spot(desk.pseudonym.memo, place, "", False, desk.nesting)
    return found


def _object(desk: Desk, node: dict[str, Tree], shape: Shape, stack: Stack, hidden: list[tuple[Original, ...]]) -> None:
    """The way of most objects; it does for each value what `Rewriter.scalar` does, without the calls."""
    notes, side, counts, keeps = desk.notes, desk.side, desk.notes.counts, desk.notes.guide.keeps
    notes.words |= shape.keys
    for (key, spot, inside), value in zip(shape.fields, node.values(), strict=True):
        kind = type(value)
        if kind is str:
            change = spot.values.young.get(value)
            if change is None or (keeps and spot.place in keeps):
                node[key] = desk.scalar(spot.name, value, spot.place, spot.in_error)  # type: ignore[arg-type]
                continue
            if change.action is None:
                notes.words.add(change.text)
            else:
                place = (side, spot.place, change.value_class, change.action)
                counts[place] = counts.get(place, 0) + 1
                hidden.append(change.originals)
            node[key] = change.text
        elif kind is dict or kind is list:
            stack.append((value, inside))  # type: ignore[arg-type]
        elif (kind is int or kind is float) and (
            not (-_SMALL < value < _SMALL and spot.keeps_small)  # type: ignore[operator]
            or (keeps and spot.place in keeps)
        ):
            node[key] = desk.scalar(spot.name, value, spot.place, spot.in_error)  # type: ignore[arg-type]


def _list(desk: Desk, node: list[Tree], spot: Spot, stack: Stack, hidden: list[tuple[Original, ...]]) -> None:
    notes, keeps = desk.notes, desk.notes.guide.keeps
    for i, value in enumerate(node):
        kind = type(value)
        if kind is str:
            change = spot.values.young.get(value)
            if change is None or change.action is None or (keeps and spot.place in keeps):
                node[i] = desk.scalar(spot.name, value, spot.place, spot.in_error)  # type: ignore[arg-type]
                continue
            place = (desk.side, spot.place, change.value_class, change.action)
            notes.counts[place] = notes.counts.get(place, 0) + 1
            hidden.append(change.originals)
            node[i] = change.text
        elif kind is dict or kind is list:
            stack.append((value, spot))  # type: ignore[arg-type]
        elif (kind is int or kind is float) and (
            not (-_SMALL < value < _SMALL and spot.keeps_small)  # type: ignore[operator]
            or (keeps and spot.place in keeps)
        ):
            node[i] = desk.scalar(spot.name, value, spot.place, spot.in_error)  # type: ignore[arg-type]


def _map(desk: Desk, node: dict[str, Tree], spot: Spot, stack: Stack) -> None:
    """An object with keys that may be data: no decision about it is remembered."""
    items = list(node.items())
    node.clear()
    name_is_password = is_password_name(spot.name)
    for key, child in items:
        new = desk.name(key, spot.place)
        name = spot.name if name_is_password else key
        if isinstance(child, (dict, list)):
            node[new] = child
            stack.append((child, spot.below(key, new).inside()))
        else:
            place = f"{spot.place}.{new}" if spot.place else new
            node[new] = desk.scalar(name, child, place, spot.in_error)
