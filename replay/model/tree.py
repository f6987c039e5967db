"""A decoded document as a tree, and places in it.

A place is a tuple of keys and indices. `pattern` forgets indices, so that it names a field, not an element:
("body", "items", 0, "id") is the pattern `body.items[*].id`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

Scalar: TypeAlias = "None | bool | int | float | str"
Tree: TypeAlias = "Scalar | list[Tree] | dict[str, Tree]"
Place: TypeAlias = "tuple[str | int, ...]"


def leaves(tree: Tree, prefix: Place = ()) -> Iterator[tuple[Place, Scalar]]:
    """Every scalar with its place, depth first, without recursion (documents may nest deeper than the stack)."""
    stack: list[tuple[Place, Tree]] = [(prefix, tree)]
    while stack:
        place, node = stack.pop()
        if isinstance(node, dict):
            stack.extend(((*place, key), value) for key, value in reversed(node.items()))
        elif isinstance(node, list):
            stack.extend(((*place, i), node[i]) for i in range(len(node) - 1, -1, -1))
        else:
            yield place, node


def at(tree: Tree, place: Place) -> Tree:
    """The subtree at `place`. Raises KeyError when there is none."""
    node = tree
    for part in place:
        if isinstance(node, dict) and isinstance(part, str) and part in node:
            node = node[part]
        elif isinstance(node, list) and isinstance(part, int) and -len(node) <= part < len(node):
            node = node[part]
        else:
            raise KeyError("no such place")
    return node


def replaced(tree: Tree, place: Place, value: Tree) -> Tree:
    """A copy of `tree` with `value` at `place`; only the nodes on the way are copied. KeyError when absent."""
    if not place:
        return value
    head, rest = place[0], place[1:]
    if isinstance(tree, dict) and isinstance(head, str) and head in tree:
        return {**tree, head: replaced(tree[head], rest, value)}
    if isinstance(tree, list) and isinstance(head, int) and 0 <= head < len(tree):
        return [*tree[:head], replaced(tree[head], rest, value), *tree[head + 1 :]]
    raise KeyError("no such place")


def pattern(place: Place) -> str:
    """`body.items[*].id`: indices forgotten, keys joined by dots."""
    out: list[str] = []
    for part in place:
        if isinstance(part, int):
            out.append("[*]")
        else:
            out.append(f".{part}" if out else part)
    return "".join(out)
