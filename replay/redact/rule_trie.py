"""The trie of document paths that rules name: nodes, what holds at them, and which of two rules is more specific."""

from __future__ import annotations

from typing import NamedTuple

from replay.redact.clauses import Alternative
from replay.redact.json_path import Steps
from replay.redact.rules import Decision

Specificity = tuple[tuple[int, ...], ...]


class Entry(NamedTuple):
    alternative: Alternative
    decision: Decision
    specificity: Specificity
    text: str  # decides between equals, so that the order of rules says nothing
    is_above: bool = False  # about something that the place is in


class Node:
    """One state of the trie of document paths."""

    __slots__ = ("any", "deep", "entries", "loops", "names", "tail")

    def __init__(self, loops: bool = False) -> None:
        self.names: dict[str, Node] = {}
        self.any: Node | None = None
        self.deep: Node | None = None  # entered without a step
        self.tail: Node | None = None  # everything below
        self.loops = loops  # any step leads here again
        self.entries: list[Entry] = []

    @property
    def goes_on(self) -> bool:
        """True when something below may be named."""
        return bool(self.names or self.any or self.deep or self.tail or self.loops)

    def reach(self, steps: Steps) -> Node:
        """The node that the steps lead to, made where it is missing."""
        node = self
        for step in steps:
            if step.is_deep:
                node.deep = node.deep or Node(loops=True)
                node = node.deep
            if step.name is None:
                node.any = node.any or Node()
                node = node.any
            else:
                node = node.names.setdefault(step.name, Node())
        return node


def is_above(one: Specificity, other: Specificity) -> bool:
    """True when `one` is more specific in something and less in nothing."""
    return one != other and all(map(lambda a, b: a >= b, one, other))


def entered(nodes: list[Node]) -> list[Node]:
    """With those that are entered without a step; each once."""
    found: dict[int, Node] = {}
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if id(node) not in found:
            found[id(node)] = node
            todo += [node.deep] if node.deep else []
    return list(found.values())
