"""A walk over a document that replaces its keys and leaves, without recursion, by decisions made once for each place.

Objects of one shape at one spot are rewritten together, field by field (see `columns`); few of them one by one.
Where a rule of the policy holds, the spot knows the values of the rule instead of those of its name.
"""

from __future__ import annotations

from itertools import chain
from operator import itemgetter

from replay.model.tree import Scalar, Tree
from replay.redact.byte_arrays import BUFFER_KEYS, rewrite_buffers, rewrite_spelt_lists, rewrite_typed_array
from replay.redact.columns import FEWEST, Stack, by_keys, leaf, rewrite_columns, rewrite_lists
from replay.redact.contract import Change
from replay.redact.spots import Desk, Frame, Shape, Spot
from replay.redact.vocabulary import is_password_name

__all__ = ["Desk", "Shape", "Spot", "Stack", "rewritten", "root_of"]

_ORIGINALS = itemgetter(Change._fields.index("originals"))


def rewritten(desk: Desk, tree: Tree, place: str) -> Tree:
    """`tree` with every key and leaf rewritten. Changes the containers of `tree` in place: hand in a fresh one."""
    root = root_of(desk, place)
    if root.is_dropped or not isinstance(tree, (dict, list)):
        return leaf(desk, root, tree)
    stack: Stack = [([tree], root)]
    hidden: list[Change] = []
    is_watched, found = desk.notes.guide.detects, desk.notes.guide.found
    while stack:
        nodes, spot = stack.pop()
        if isinstance(nodes[0], dict):
            for keys, some in by_keys(nodes):
                if keys == BUFFER_KEYS:
                    rewrite_buffers(desk, some, spot.place)
                is_named = bool(found) and not found.keys().isdisjoint(keys)  # a detector has found something in a key
                _objects(desk, some, spot, None if is_named else spot.shape(keys), stack, hidden)
            continue
        rewrite_spelt_lists(desk, nodes, spot.place)
        element = spot.element()
        if not (is_watched or element.is_ruled):
            rewrite_lists(desk, nodes, element, stack, hidden)
            continue
        for node in nodes:
            _watched_list(desk, node, element, stack)
    desk.notes.originals.update(chain.from_iterable(map(_ORIGINALS, hidden)))
    return tree


def root_of(desk: Desk, place: str) -> Spot:
    """The spot of a document at `place`."""
    spots, guide = desk.pseudonym.memo.spots, desk.notes.guide
    sheet = guide.sheet(desk.side)
    key = (place, desk.nesting, guide.lexicon, sheet, guide.names)
    found: Spot | None = spots.get(key)
    if found is None:
        frame = Frame(desk.pseudonym.memo, desk.nesting, guide.lexicon, sheet, guide.names, guide.scope(desk.side))
        cursor = sheet.cursor(place) if sheet is not None else None
        found = spots[key] = Spot(frame, place, "", False, cursor)
    return found


def _objects(
    desk: Desk, nodes: list[dict[str, Tree]], spot: Spot, shape: Shape | None, stack: Stack, hidden: list[Change]
) -> None:
    """All of `nodes` have the same keys."""
    is_watched = desk.notes.guide.detects or (shape is not None and shape.is_ruled)
    if shape is not None and not is_watched and len(nodes) >= FEWEST:
        rewrite_columns(desk, nodes, shape, stack, hidden)
        return
    for node in nodes:
        if shape is None and not rewrite_typed_array(desk, node, spot.place):
            _map(desk, node, spot, stack)
        elif shape is None:
            continue
        elif is_watched:
            _watched_object(desk, node, shape, stack)
        else:
            _object(desk, node, shape, stack, hidden)


def _watched_object(desk: Desk, node: dict[str, Tree], shape: Shape, stack: Stack) -> None:
    """An object with rules for some of its values, or of a policy with detectors: the long way for each leaf."""
    desk.notes.words |= shape.keys
    for (key, spot, inside), value in zip(shape.fields, node.values(), strict=True):
        if isinstance(value, (dict, list)) and not spot.is_dropped:
            stack.append(([value], inside))
        else:
            node[key] = _watched_leaf(desk, spot, value)


def _watched_list(desk: Desk, node: list[Tree], spot: Spot, stack: Stack) -> None:
    for i, value in enumerate(node):
        if isinstance(value, (dict, list)) and not spot.is_dropped:
            stack.append(([value], spot))
        else:
            node[i] = _watched_leaf(desk, spot, value)


def _watched_leaf(desk: Desk, spot: Spot, value: Tree) -> Scalar:
    known = spot.values.young.get(value) if type(value) is str and not desk.notes.guide.found else None
    return leaf(desk, spot, value) if known is None else desk.notes.apply(desk.side, spot.place, known)


def _object(desk: Desk, node: dict[str, Tree], shape: Shape, stack: Stack, hidden: list[Change]) -> None:
    """The way of most objects; it does for each value what `Rewriter.scalar` does, without the calls."""
    notes, side, counts = desk.notes, desk.side, desk.notes.counts
    notes.words |= shape.keys
    for (key, spot, inside), value in zip(shape.fields, node.values(), strict=True):
        kind = type(value)
        if kind is str:
            change = spot.values.young.get(value)
            if change is None:
                node[key] = leaf(desk, spot, value)
                continue
            if change.action is None:
                notes.words.add(change.text)
            else:
                place = (side, spot.place, change.value_class, change.action)
                counts[place] = counts.get(place, 0) + 1
                hidden.append(change)
            node[key] = change.text
        elif kind is dict or kind is list:
            stack.append(([value], inside))
        elif (kind is int or kind is float) and not (
            -spot.small < value < spot.small and (kind is int or spot.keeps_fractions)  # type: ignore[operator] # kind says so
        ):
            node[key] = leaf(desk, spot, value)


def _map(desk: Desk, node: dict[str, Tree], spot: Spot, stack: Stack) -> None:
    """An object with keys that may be data: no decision about it is remembered."""
    items = list(node.items())
    node.clear()
    name_is_password = is_password_name(spot.name)
    in_map = spot.is_map([key for key, _ in items])
    for key, child in items:
        new = desk.name(key, spot.place, in_map)
        if spot.may_rule or isinstance(child, (dict, list)):
            below = spot.below(key, new)
            if isinstance(child, (dict, list)) and not below.is_dropped:
                node[new] = child
                stack.append(([child], below.inside()))
            else:
                node[new] = leaf(desk, below, child)
        else:
            place = f"{spot.place}.{new}" if spot.place else new
            node[new] = desk.scalar(spot.name if name_is_password else key, child, place, spot.in_error)
