"""Many objects of one shape at once, field by field: what a list of records is, and most of a large document with it.

    {"id": 1, "name": "Ann"}           id     1, 2, 3         small: none of them is touched
    {"id": 2, "name": "Bo"}      ->    name   Ann, Bo, Cy     one look-up of three, one count of three
    {"id": 3, "name": "Cy"}

Rule: to each value happens what `Rewriter.scalar` does to it; what is not yet known goes there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, islice, repeat
from operator import itemgetter
from typing import Any

from replay.model.tree import Scalar, Tree
from replay.redact.contract import Change
from replay.redact.spots import Desk, Shape, Spot

Stack = list[tuple[list[Any], Spot]]
"""Objects, or else lists, that stand at one spot."""

FEWEST = 3  # objects of one shape; fewer are faster one by one
_CLASS, _ACTION = itemgetter(1), itemgetter(2)
_KIND = itemgetter(1, 2)
_UNTOUCHED = frozenset((bool, type(None)))


def rewrite_columns(desk: Desk, nodes: list[dict[str, Tree]], shape: Shape, stack: Stack, hidden: list[Change]) -> None:
    """All of `nodes` have the keys of `shape`, in that order."""
    desk.notes.words |= shape.keys
    for key, spot, inside in shape.fields:
        fresh = _rewritten(desk, [node[key] for node in nodes], spot, inside, stack, hidden)
        if fresh is not None:
            for node, new in zip(nodes, fresh, strict=True):
                node[key] = new


def rewrite_lists(desk: Desk, nodes: list[list[Tree]], spot: Spot, stack: Stack, hidden: list[Change]) -> None:
    """`spot` is that of the elements."""
    together = list(chain.from_iterable(nodes))
    fresh = _rewritten(desk, together, spot, spot, stack, hidden)
    if fresh is not None:
        rest = iter(fresh)
        for node in nodes:
            node[:] = islice(rest, len(node))


def _rewritten(
    desk: Desk, column: list[Tree], spot: Spot, inside: Spot, stack: Stack, hidden: list[Change]
) -> Sequence[Tree] | None:
    """What stands for values at one place; None where nothing changes here and now."""
    kinds = set(map(type, column))
    if len(kinds) > 1:
        return _mixed(desk, column, spot, inside, stack)
    kind = kinds.pop() if kinds else bool
    if kind is dict or kind is list:
        stack.append((column, inside))
        return None
    return _leaves(desk, kind, column, spot, hidden)


def leaf(desk: Desk, spot: Spot, value: Tree) -> Scalar:
    """What stands for a leaf, or for whatever a rule drops."""
    if spot.decision is None:
        return desk.scalar(spot.name, value, spot.place, spot.in_error)  # type: ignore[arg-type] # a leaf, as said
    if isinstance(value, (dict, list)):
        value = None
    return desk.decided(spot.decision, spot.name, value, spot.place, spot.in_error)


def by_keys(nodes: list[dict[str, Tree]]) -> Iterable[tuple[tuple[str, ...], list[dict[str, Tree]]]]:
    """Objects with the same keys in the same order."""
    if len(nodes) == 1:
        return ((tuple(nodes[0]), nodes),)
    keys = list(map(tuple, nodes))
    if len(set(keys)) == 1:
        return ((keys[0], nodes),)
    out: dict[tuple[str, ...], list[dict[str, Tree]]] = {}
    for one, node in zip(keys, nodes, strict=True):
        out.setdefault(one, []).append(node)
    return out.items()


def _leaves(desk: Desk, kind: type, column: Sequence[Any], spot: Spot, hidden: list[Change]) -> Sequence[Scalar] | None:
    """What stands for values that are all of one `kind`; None when all of them stay."""
    if kind in _UNTOUCHED:
        return None
    if kind is not str and spot.decision is not None:
        return [leaf(desk, spot, value) for value in column]
    known = spot.values.young.get
    if kind is str:
        changes: list[Change | None] = list(map(known, column))
    elif (kind is int or spot.keeps_fractions) and -spot.small < min(column) and max(column) < spot.small:
        return None
    else:
        changes = list(map(known, zip(repeat(kind), column)))
    actions = _note(desk, spot, column if kind is str else (), changes, hidden)
    if kind is str and all(changes):
        texts = [change.text for change in changes if change]
        return None if texts == column else texts  # without an action a text may have lost a part (a comment)
    if None not in actions and all(changes):
        texts = [change.text for change in changes if change]
        if kind is int and "." not in "".join(texts):
            return list(map(int, texts))
    elif actions == {None} and all(changes):
        return None
    return [_fresh(desk, spot, kind, value, change) for value, change in zip(column, changes, strict=True)]


def _fresh(desk: Desk, spot: Spot, kind: type, value: Any, change: Change | None) -> Scalar:
    if change is None:
        return leaf(desk, spot, value)
    if kind is str:
        return change.text
    if change.action is None:
        return value  # type: ignore[no-any-return] # of `kind`
    new = float(change.text) if "." in change.text else int(change.text)
    return float(new) if kind is float else new


def _note(
    desk: Desk, spot: Spot, column: Sequence[str], changes: list[Change | None], hidden: list[Change]
) -> set[Any]:
    """Note what is known, and return the actions. Of a text that stays the word is noted."""
    known: list[Any] = changes if all(changes) else list(filter(None, changes))
    actions = set(map(_ACTION, known))
    if None in actions:
        if column:
            desk.notes.words.update([change.text for change in known if change.action is None])
        known = [change for change in known if change.action is not None]
    if known:
        hidden += known
        counts, side = desk.notes.counts, desk.side
        for (value_class, action), count in _kinds(known):
            key = (side, spot.place, value_class, action)
            counts[key] = counts.get(key, 0) + count
    return actions


def _kinds(changes: list[Change]) -> Iterable[tuple[Any, int]]:
    """How many of each class and action; nearly always there is one of both."""
    if len(set(map(_CLASS, changes))) == len(set(map(_ACTION, changes))) == 1:
        return ((_KIND(changes[0]), len(changes)),)
    return Counter(map(_KIND, changes)).items()


def _mixed(desk: Desk, column: Sequence[Tree], spot: Spot, inside: Spot, stack: Stack) -> list[Tree]:
    """Values of several kinds, one by one. Objects and lists come later, and stay where they are."""
    out: list[Tree] = []
    for value in column:
        kind = type(value)
        if kind is dict or kind is list:
            stack.append(([value], inside))
            out.append(value)
        else:
            out.append(leaf(desk, spot, value))
    return out
