"""Two documents side by side: every pair of leaves and every place where their structure parts.

Places are patterns (`body.items[*].id`), as `model.tree.pattern` writes them: a difference names a field.
Rule: no recursion; whatever could be parsed can be walked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from replay.diff.relations import is_equal
from replay.diff.shapes import is_map_key
from replay.model.difference import DifferenceKind
from replay.model.tree import Tree


class Pair(NamedTuple):
    """`kind` None: two leaves, equal or not. Otherwise what parts the two sides.

    A LENGTH pair holds two lists (or maps, as lists of their values). They are compared position by position below
    this pair when they are equally long and not loose; otherwise only their census can be compared.
    """

    place: str
    kind: DifferenceKind | None
    left: Tree
    right: Tree


class Raw(NamedTuple):
    """One difference between two trees, before any noise is taken off."""

    place: str
    kind: DifferenceKind
    expected: Tree
    observed: Tree


Twins = tuple[str, Tree, Tree]


class Memo(dict[str, bool]):
    """A predicate over places that is asked once per place: `Memo(predicate).__getitem__` is the same, faster."""

    def __init__(self, predicate: Callable[[str], bool]) -> None:
        super().__init__()
        self._predicate = predicate

    def __missing__(self, place: str) -> bool:
        self[place] = answer = self._predicate(place)
        return answer


def _never(place: str) -> bool:  # noqa: ARG001 - the shape of the argument it stands for
    return False


@dataclass(frozen=True, slots=True)
class Lens:
    """What the reader of the pairs cares for: lists that are `loose`, and places `watched` even where equal."""

    is_loose: Callable[[str], bool] = _never
    is_watched: Callable[[str], bool] = _never
    sees_equal: bool = False  # walk equal documents as well: whoever counts needs every pair


PLAIN = Lens()


def walk(left: Tree, right: Tree, prefix: str, lens: Lens = PLAIN) -> Iterator[Pair]:
    """Pairs, an object's own leaves before what stands deeper. Equal leaves are passed over unless they are watched."""
    stack: list[Twins] = []
    is_watched = lens.is_watched
    twins: Iterable[Twins] = ((prefix, left, right),)
    while True:
        deeper: list[Twins] = []
        for twin in twins:
            place, one, two = twin
            kind = type(one)
            if kind is dict or kind is list:
                if type(two) is kind:
                    deeper.append(twin)
                else:
                    yield Pair(place, DifferenceKind.TYPE, one, two)
            elif isinstance(two, dict | list):
                yield Pair(place, DifferenceKind.TYPE, one, two)
            elif (kind is not type(two) or one != two or is_watched(place)) and (
                is_watched(place) or not is_equal(one, two)  # type: ignore[arg-type]  # both are leaves
            ):
                yield Pair(place, None, one, two)
        stack.extend(reversed(deeper))
        if not stack:
            return
        place, one, two = stack.pop()
        twins = []
        yield from _parted(place, one, two, lens, twins)


def _parted(place: str, one: Tree, two: Tree, lens: Lens, twins: list[Twins]) -> Iterator[Pair]:
    """How two objects or two lists part as such; what they share is added to `twins`."""
    if isinstance(one, dict) and isinstance(two, dict):
        dot = f"{place}." if place else ""
        if one.keys() != two.keys():
            if all(is_map_key(key) for key in one.keys() ^ two.keys()):
                yield Pair(place, DifferenceKind.LENGTH, list(one.values()), list(two.values()))
                return
            yield from (Pair(dot + key, DifferenceKind.MISSING, one[key], None) for key in one if key not in two)
            yield from (Pair(dot + key, DifferenceKind.ADDED, None, two[key]) for key in two if key not in one)
        twins.extend([(dot + key, value, two[key]) for key, value in one.items() if key in two])
    elif isinstance(one, list) and isinstance(two, list):
        if len(one) != len(two) or lens.is_loose(place):
            yield Pair(place, DifferenceKind.LENGTH, one, two)
            return
        if lens.is_watched(place):
            yield Pair(place, DifferenceKind.LENGTH, one, two)
        inner = f"{place}[*]"
        twins.extend([(inner, left, right) for left, right in zip(one, two, strict=True)])
