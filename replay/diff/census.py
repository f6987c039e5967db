"""What the elements of a list have in common: which keys they hold how often, and of which types.

Where elements cannot be paired one by one, this is what can still be compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from replay.diff.relations import type_of
from replay.diff.shapes import is_map_key
from replay.diff.walk import Raw
from replay.model.difference import DifferenceKind
from replay.model.tree import Scalar, Tree


@dataclass(slots=True)
class Census:
    """Counts per place pattern; grows by `count`."""

    objects: Counter[str] = field(default_factory=Counter)  # how many objects stood here
    present: Counter[str] = field(default_factory=Counter)  # how many of their parents held this key
    parent: dict[str, str] = field(default_factory=dict)
    types: dict[str, set[str]] = field(default_factory=dict)

    def count(self, place: str, tree: Tree) -> None:
        """Adds a subtree that stands at `place`."""
        stack: list[tuple[str, Tree]] = [(place, tree)]
        while stack:
            here, node = stack.pop()
            self.types.setdefault(here, set()).add(type_of(node))
            if isinstance(node, list):
                stack.extend((f"{here}[*]", element) for element in node)
            elif isinstance(node, dict):
                self._count_keys(here, node, stack)

    def _count_keys(self, here: str, node: dict[str, Tree], stack: list[tuple[str, Tree]]) -> None:
        self.objects[here] += 1
        for key, value in node.items():
            if is_map_key(key):  # a key that is data names no field
                continue
            place = f"{here}.{key}" if here else key
            self.present[place] += 1
            self.parent[place] = here
            stack.append((place, value))

    def is_mostly_present(self, place: str) -> bool:
        """More than half of the parents hold the key, and two in all."""
        held = self.present[place]
        return held >= 2 and 2 * held > self.objects[self.parent.get(place, "")]


def take_census(place: str, tree: Tree) -> Census:
    census = Census()
    census.count(place, tree)
    return census


def compare_censuses(left: Census, right: Census, least: int) -> Iterator[Raw]:
    """Keys that all elements of one side hold and none of the other (`least` at least); types that never meet."""
    yield from _one_sided(left, right, least, DifferenceKind.MISSING)
    yield from _one_sided(right, left, least, DifferenceKind.ADDED)
    for place, types in left.types.items():
        one, two = types - {"null"}, right.types.get(place, set()) - {"null"}
        if one and two and not one & two:
            yield Raw(place, DifferenceKind.TYPE, "|".join(sorted(one)), "|".join(sorted(two)))


def _one_sided(holder: Census, other: Census, least: int, kind: DifferenceKind) -> Iterator[Raw]:
    for place, held in holder.present.items():
        parent = holder.parent[place]
        everywhere = held == holder.objects[parent] >= least
        if everywhere and not other.present[place] and other.objects[parent] >= least:
            yield Raw(place, kind, None, None)


def values_at(tree: Tree, place: str, prefix: str) -> list[Scalar]:
    """All leaves at a pattern, in document order; `prefix` is the pattern of the tree itself."""
    out: list[Scalar] = []
    stack: list[tuple[str, Tree]] = [(prefix, tree)]
    while stack:
        here, node = stack.pop()
        if isinstance(node, list):
            stack.extend((f"{here}[*]", element) for element in reversed(node))
        elif isinstance(node, dict):
            inside = [(f"{here}.{key}" if here else key, value) for key, value in reversed(node.items())]
            stack.extend((inner, value) for inner, value in inside if place.startswith(inner))
        elif here == place:
            out.append(node)
    return out
