"""Lists whose order is nobody's promise: the same elements in another order, told by what is steady in each element.

Learned from clean replays: names in the elements whose values are the same multiset on both sides are steady, and an
element's steady values are its print. A list whose prints always agree as a multiset, and not as a sequence, is
unordered; from then on its elements are matched by their prints, whatever else in them is noise.
Rule: matching costs time in proportion to the list: no element is compared with every other.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from replay.diff.alignment import Redaction
from replay.diff.inner import opener
from replay.diff.relations import type_of
from replay.diff.rules import Rules
from replay.diff.walk import PLAIN, Lens
from replay.model.difference import Relation
from replay.model.tree import Scalar, Tree

_MOST_ELEMENTS = 20_000  # of one list; a longer one is compared by position
_KEPT = 200  # pairs of one list that are looked at, of the whole group

Key = tuple[str, str]  # endpoint, place
Twins = tuple[list[Tree], list[Tree]]
IsSteady = Callable[[str], bool]
Pairs = list[tuple[Tree, Tree]]
Leaf = tuple[str, str, Scalar]
Row = tuple[Leaf, ...]


@dataclass(slots=True)
class Orders:
    """Pairs of equally long lists that differ, by place; `unordered` says of which the order varies."""

    lists: dict[Key, list[Twins]] = field(default_factory=dict)

    def see(self, endpoint: str, place: str, left: list[Tree], right: list[Tree]) -> None:
        known = self.lists.setdefault((endpoint, place), [])
        if len(known) < _KEPT and 1 < len(left) <= _MOST_ELEMENTS:
            known.append((left, right))

    def hooks(self, redaction: Redaction, known: Mapping[Key, IsSteady]) -> Callable[[str], Lens]:
        """Lenses that match the elements of the `known` lists, and let this see every other two lists that differ."""

        def lens(endpoint: str) -> Lens:
            lists = {place: is_steady for (where, place), is_steady in known.items() if where == endpoint}
            paired = partial(self._paired, endpoint, lists)
            return replace(PLAIN, paired=paired, opened=opener(endpoint, redaction))

        return lens

    def _paired(
        self, endpoint: str, known: Mapping[str, IsSteady], place: str, left: list[Tree], right: list[Tree]
    ) -> Pairs | None:
        if place in known:
            return matched(place, left, right, known[place])
        self.see(endpoint, place, left, right)
        return None

    def unordered(self, redaction: Redaction) -> dict[Key, IsSteady]:
        """Per list whose order varies: which names in its elements are steady."""
        out: dict[Key, IsSteady] = {}
        for (endpoint, place), twins in self.lists.items():
            steady = _steady_names(place, twins)
            steady -= _redacted(endpoint, steady, redaction)
            if steady and _varies_in_order(place, twins, steady):
                out[endpoint, place] = steady.__contains__
        return out


def steady_by_rules(rules: Rules, redaction: Redaction, endpoint: str) -> IsSteady:
    """For comparing: a name is steady where equality was learned, and the recording has the original value."""
    return lambda name: rules.relation(endpoint, name) is Relation.EQUAL and not redaction.class_at(endpoint, name)


def matched(place: str, left: list[Tree], right: list[Tree], is_steady: IsSteady) -> Pairs | None:
    """Elements with equal prints beside each other, the left list's order; what is left over pairs by position.

    Only names whose values are the same multiset on both sides are printed: what is wrong in one element must not part
    all the others. None: the lists are equal already, differ in length, hold too much, or have no such name.
    """
    if len(left) != len(right) or len(left) > _MOST_ELEMENTS or left == right:
        return None
    one, two = _rows(place, left, is_steady), _rows(place, right, is_steady)
    names = _common(one, two)
    if not names:
        return None
    waiting: dict[Row, deque[int]] = {}
    for i, row in enumerate(two):
        waiting.setdefault(_print(row, names), deque()).append(i)
    chosen: list[int | None] = []
    for row in one:
        same = waiting.get(_print(row, names))
        chosen.append(same.popleft() if same else None)
    rest = iter(sorted(i for same in waiting.values() for i in same))
    return [(element, right[next(rest) if i is None else i]) for element, i in zip(left, chosen, strict=True)]


def matcher(unordered: Mapping[str, IsSteady]) -> Callable[[str, list[Tree], list[Tree]], Pairs | None]:
    """A lens' `paired` for one endpoint's unordered lists."""

    def paired(place: str, left: list[Tree], right: list[Tree]) -> Pairs | None:
        is_steady = unordered.get(place)
        return matched(place, left, right, is_steady) if is_steady else None

    return paired


def _steady_names(place: str, twins: list[Twins]) -> set[str]:
    """Names below `place` whose values are the same multiset on both sides, in every pair."""
    names: set[str] = set()
    unsteady: set[str] = set()
    for left, right in twins:
        one, two = _values(_rows(place, left)), _values(_rows(place, right))
        names |= one.keys() | two.keys()
        unsteady |= {name for name in one.keys() | two.keys() if one.get(name) != two.get(name)}
    return names - unsteady


def _redacted(endpoint: str, names: Iterable[str], redaction: Redaction) -> set[str]:
    return {name for name in names if redaction.class_at(endpoint, name)}


def _varies_in_order(place: str, twins: list[Twins], names: Collection[str]) -> bool:
    """The prints are the same multiset in every pair, and another sequence in some."""
    is_other = False
    for left, right in twins:
        one, two = ([_print(row, names) for row in _rows(place, side)] for side in (left, right))
        if Counter(one) != Counter(two):
            return False
        is_other = is_other or one != two
    return is_other


def _common(one: list[Row], two: list[Row]) -> set[str]:
    """Names whose values are the same multiset on both sides."""
    left, right = _values(one), _values(two)
    return {name for name, values in left.items() if values == right.get(name)}


def _values(rows: Iterable[Row]) -> dict[str, Counter[tuple[str, Scalar]]]:
    out: dict[str, Counter[tuple[str, Scalar]]] = {}
    for row in rows:
        for name, kind, value in row:
            out.setdefault(name, Counter())[kind, value] += 1
    return out


def _print(row: Row, names: Collection[str]) -> Row:
    """The named leaves of an element; lists inside of it count as sets."""
    return tuple(sorted((leaf for leaf in row if leaf[0] in names), key=repr))


def _rows(place: str, elements: list[Tree], is_wanted: IsSteady | None = None) -> list[Row]:
    """The leaves of each element (name, type, value), each element looked at once."""
    rows: list[Row] = []
    for element in elements:
        leaves: list[Leaf] = []
        stack: list[tuple[str, Tree]] = [(f"{place}[*]", element)]
        while stack:
            here, node = stack.pop()
            if type(node) is dict:
                stack.extend([(f"{here}.{key}", value) for key, value in node.items()])
            elif type(node) is list:
                stack.extend([(f"{here}[*]", value) for value in node])
            elif is_wanted is None or is_wanted(here):
                leaves.append((here, type_of(node), node))  # type: ignore[arg-type]  # neither object nor list: a leaf
        rows.append(tuple(leaves))
    return rows
