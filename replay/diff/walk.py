"""Two documents side by side: every pair of leaves and every place where their structure parts.

Places are patterns (`body.items[*].id`), as `model.tree.pattern` writes them: a difference names a field.
Rule: no recursion; whatever could be parsed can be walked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    """Pairs in document order. Equal leaves are passed over unless the lens watches their place."""
    stack: list[tuple[str, Tree, Tree]] = [(prefix, left, right)]
    while stack:
        place, one, two = stack.pop()
        if isinstance(one, dict) and isinstance(two, dict):
            yield from _walk_objects(place, one, two, stack)
        elif isinstance(one, list) and isinstance(two, list):
            yield from _walk_lists(place, one, two, stack, lens)
        elif isinstance(one, dict | list) or isinstance(two, dict | list):
            yield Pair(place, DifferenceKind.TYPE, one, two)
        elif lens.is_watched(place) or not is_equal(one, two):
            yield Pair(place, None, one, two)


def _walk_objects(
    place: str, one: dict[str, Tree], two: dict[str, Tree], stack: list[tuple[str, Tree, Tree]]
) -> Iterator[Pair]:
    dot = f"{place}." if place else ""
    if one.keys() != two.keys():
        if all(is_map_key(key) for key in one.keys() ^ two.keys()):
            yield Pair(place, DifferenceKind.LENGTH, list(one.values()), list(two.values()))
            return
        for key, value in one.items():
            if key not in two:
                yield Pair(dot + key, DifferenceKind.MISSING, value, None)
        for key, value in two.items():
            if key not in one:
                yield Pair(dot + key, DifferenceKind.ADDED, None, value)
    stack.extend((dot + key, one[key], two[key]) for key in reversed(one) if key in two)


def _walk_lists(
    place: str, one: list[Tree], two: list[Tree], stack: list[tuple[str, Tree, Tree]], lens: Lens
) -> Iterator[Pair]:
    if len(one) != len(two) or lens.is_loose(place):
        yield Pair(place, DifferenceKind.LENGTH, one, two)
        return
    if lens.is_watched(place):
        yield Pair(place, DifferenceKind.LENGTH, one, two)
    inner = f"{place}[*]"
    stack.extend((inner, one[i], two[i]) for i in range(len(one) - 1, -1, -1))
