"""What the elements of a list have in common: which keys they hold how often, and of which types.

Where elements cannot be paired one by one, this is what can still be compared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from replay.diff.relations import type_of
from replay.diff.shapes import is_map_key
from replay.diff.walk import Raw
from replay.model.difference import DifferenceKind
from replay.model.tree import Scalar, Tree

_SOME = 4  # parents, before a key is rare among them
_STEP = re.compile(r"\.|\[\*\]")


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

    def is_rarely_present(self, place: str) -> bool:
        """At most half of four parents or more hold the key."""
        parents = self.objects[self.parent.get(place, "")]
        return parents >= _SOME and 2 * self.present[place] <= parents


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
    """All leaves at a pattern, in document order; `prefix` is the pattern of the tree itself.

    Only the way there is walked: the cost follows the leaves that are found, not the size of the document.
    """
    if not place.startswith(prefix):
        return []
    keys = _keys_from(place)
    out: list[Scalar] = []
    stack: list[tuple[int, Tree]] = [(len(prefix), tree)]
    while stack:
        at, node = stack.pop()
        if isinstance(node, list):
            if place.startswith("[*]", at):
                at += 3
                stack.extend([(at, element) for element in reversed(node)])
        elif isinstance(node, dict):
            for end, key in keys.get(at, ()):
                if key in node:
                    stack.append((end, node[key]))
        elif at == len(place):
            out.append(node)
    return out


@lru_cache(maxsize=512)
def _keys_from(place: str) -> dict[int, list[tuple[int, str]]]:
    """Where a key may begin in the pattern: the keys that may stand there, and where each ends. Keys may hold dots."""
    ends = [match.start() for match in _STEP.finditer(place)] + [len(place)]
    return {
        at: [(end, place[begin:end]) for end in ends if end > begin]
        for at, begin in [(0, 0), *((at, at + 1) for at in ends if place[at : at + 1] == ".")]
    }
