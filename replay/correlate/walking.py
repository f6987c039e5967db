"""Some of a document's leaves, without a place for each of the others: places cost more than the walk itself."""

from __future__ import annotations

from collections.abc import Callable

from replay.model.tree import Place, Scalar, Tree


def leaves_where(
    tree: Tree, prefix: Place, is_text: Callable[[str], bool], is_number: Callable[[int], bool]
) -> list[tuple[Place, Scalar]]:
    """The texts and whole numbers that are asked for, in the order of `model.tree.leaves`. No recursion."""
    found: list[tuple[Place, Scalar]] = []
    stack = [(prefix[:-1], iter([(prefix[-1], tree)]))]
    while stack:
        place, members = stack[-1]
        for key, value in members:  # goes on where it was left
            kind = value.__class__
            if kind is str:
                if is_text(value):  # type: ignore[arg-type] # its class was looked at
                    found.append(((*place, key), value))  # type: ignore[arg-type] # likewise
            elif kind is int:
                if is_number(value):  # type: ignore[arg-type] # likewise; True and False have a class of their own
                    found.append(((*place, key), value))  # type: ignore[arg-type] # likewise
            elif kind is dict:
                stack.append(((*place, key), iter(value.items())))  # type: ignore[union-attr] # likewise
                break
            elif kind is list:
                stack.append(((*place, key), enumerate(value)))  # type: ignore[arg-type] # likewise
                break
        else:
            stack.pop()
    return found
