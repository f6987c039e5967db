"""A walk over a document that replaces its keys and leaves, without recursion."""

from __future__ import annotations

from collections.abc import Callable

from replay.model.tree import Scalar, Tree
from replay.redact.vocabulary import is_error_parent, is_password_name

VisitName = Callable[[str, str], str]  # (name, place of the parent) -> name
VisitLeaf = Callable[[str, Scalar, str, bool], Scalar]  # (nearest name, value, place, inside an error) -> value


def rebuilt(tree: Tree, place: str, visit_name: VisitName, visit_leaf: VisitLeaf) -> Tree:
    """`tree` with every key and leaf visited. Changes the containers of `tree` in place: hand in a fresh one."""
    root: list[Tree] = [tree]
    stack: list[tuple[dict[str, Tree] | list[Tree], str, str, bool]] = []
    if isinstance(tree, (dict, list)):
        stack.append((tree, place, "", False))
    else:
        root[0] = visit_leaf("", tree, place, False)
    while stack:
        node, here, name, in_error = stack.pop()
        if isinstance(node, list):
            inside = f"{here}[*]"
            for i, child in enumerate(node):
                if isinstance(child, (dict, list)):
                    stack.append((child, inside, name, in_error))
                else:
                    node[i] = visit_leaf(name, child, inside, in_error)
            continue
        items = list(node.items())
        node.clear()
        for key, child in items:
            new = visit_name(key, here)
            inside = f"{here}.{new}" if here else new
            key = name if is_password_name(name) else key
            if isinstance(child, (dict, list)):
                node[new] = child
                stack.append((child, inside, key, in_error or is_error_parent(key)))
            else:
                node[new] = visit_leaf(key, child, inside, in_error)
    return root[0]
