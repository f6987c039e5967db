"""Two documents side by side: every pair of leaves and every place where their structure parts.

Places are patterns (`body.items[*].id`), as `model.tree.pattern` writes them: a difference names a field.
Rule: no recursion; whatever could be parsed can be walked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import orjson

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


def _always(place: str) -> bool:  # noqa: ARG001 - the shape of the argument it stands for
    return True


@dataclass(frozen=True, slots=True)
class Lens:
    """What the reader of the pairs cares for: lists that are `loose`, and places `watched` even where equal.

    `is_watched_below`: anything loose or watched at a place or below it. Where nothing is, equal subtrees are passed
    over as a whole. `paired` matches the elements of two lists otherwise than by position; `opened` says what to walk
    in the stead of two texts (that differ, or where something is watched below). Both say None where they have nothing
    to say.
    """

    is_loose: Callable[[str], bool] = _never
    is_watched: Callable[[str], bool] = _never
    sees_equal: bool = False  # walk equal documents as well: whoever counts needs every pair
    is_watched_below: Callable[[str], bool] = _always
    paired: Callable[[str, list[Tree], list[Tree]], list[tuple[Tree, Tree]] | None] | None = None
    opened: Callable[[str, str, str], list[Twins] | None] | None = None


PLAIN = Lens(is_watched_below=_never)


def is_same_tree(left: Tree, right: Tree, *, has_truth: bool = True) -> bool:
    """Typed equality, in C. False is no verdict: the walk knows better (of 1 and 1.0, and of very deep documents).

    Python takes 1 for True; only where truth values occur (`has_truth`) the spelling is compared as well.
    """
    try:
        if left != right or type(left) is not type(right):
            return False
        return not has_truth or orjson.dumps(left) == orjson.dumps(right)
    except (RecursionError, TypeError, orjson.JSONEncodeError):  # too deep, or an integer beyond 64 bits
        return False


def walk(left: Tree, right: Tree, prefix: str, lens: Lens = PLAIN, *, has_truth: bool = True) -> list[Pair]:
    """Pairs, an object's own leaves before what stands deeper. Equal leaves are passed over unless they are watched.

    `has_truth`: true or false may occur in the trees (see `is_same_tree`).
    """
    found: list[Pair] = []
    stack: list[Twins] = []
    is_watched, is_watched_below, opened = lens.is_watched, lens.is_watched_below, lens.opened
    twins: list[Twins] = [(prefix, left, right)]
    while True:
        deeper: list[Twins] = []
        for twin in twins:
            place, one, two = twin
            kind = type(one)
            if kind is dict or kind is list:
                if type(two) is not kind:
                    found.append(Pair(place, DifferenceKind.TYPE, one, two))
                elif is_watched_below(place) or not is_same_tree(one, two, has_truth=has_truth):
                    deeper.append(twin)
            elif isinstance(two, dict | list):
                found.append(Pair(place, DifferenceKind.TYPE, one, two))
            elif kind is not type(two) or one != two or is_watched_below(place):
                inner = opened(place, one, two) if opened and isinstance(one, str) and isinstance(two, str) else None
                if inner is not None:
                    deeper.extend(inner)
                elif is_watched(place) or not is_equal(one, two):  # type: ignore[arg-type]  # both are leaves
                    found.append(Pair(place, None, one, two))
        if deeper:
            deeper.reverse()
            stack.extend(deeper)
        if not stack:
            return found
        twins = _parted(stack.pop(), lens, found)


def _parted(twin: Twins, lens: Lens, found: list[Pair]) -> list[Twins]:
    """What two objects or two lists share; how they part as such is added to `found`."""
    place, one, two = twin
    if isinstance(one, dict) and isinstance(two, dict):
        dot = f"{place}." if place else ""
        if one.keys() != two.keys():
            if all(is_map_key(key) for key in one.keys() ^ two.keys()):
                found.append(Pair(place, DifferenceKind.LENGTH, list(one.values()), list(two.values())))
                return []
            found.extend(Pair(dot + key, DifferenceKind.MISSING, one[key], None) for key in one if key not in two)
            found.extend(Pair(dot + key, DifferenceKind.ADDED, None, two[key]) for key in two if key not in one)
        if lens.is_watched_below(place):
            return [(dot + key, value, two[key]) for key, value in one.items() if key in two]
        # Most leaves are equal: they are not even named.
        return [(dot + k, v, two[k]) for k, v in one.items() if k in two and not _is_same_leaf(v, two[k])]
    if isinstance(one, list) and isinstance(two, list):
        pairs = lens.paired(place, one, two) if lens.paired else None
        if pairs is None and (len(one) != len(two) or lens.is_loose(place)):
            found.append(Pair(place, DifferenceKind.LENGTH, one, two))
            return []
        if lens.is_watched(place):
            found.append(Pair(place, DifferenceKind.LENGTH, one, two))
        inner = f"{place}[*]"
        return [(inner, left, right) for left, right in pairs or zip(one, two, strict=True)]
    return []


def _is_same_leaf(one: Tree, two: Tree) -> bool:
    """Most equal leaves, and no pair of containers: those may hold a 1 on one side and True on the other."""
    kind = type(one)
    return kind is type(two) and one == two if kind is str or kind is int else one is two and kind is not float
