"""What stood at the noisy places of an endpoint: all leaves of one trace, to be compared as a crowd.

Where a value changes from replay to replay no pair of answers can be compared, but what all of them have in common can.
Rule: only places that noise has a rule for are looked at; the cost follows them, not the size of the documents.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from replay.diff.alignment import Redaction
from replay.diff.headers import head_tree
from replay.diff.layers import read_tree
from replay.diff.relations import type_of
from replay.diff.rules import Rules
from replay.diff.shapes import is_map_key
from replay.diff.times import second_of
from replay.model.difference import Relation
from replay.model.evidence import Attempt, Role
from replay.model.tree import Scalar, Tree

_NOT_AS_A_CROWD = frozenset({Relation.EQUAL, Relation.UNSTABLE, Relation.UNORDERED})
_ELEMENT = "[*]"

Leaf = tuple[str, Scalar, float | None]
"""Exchange id, value, and the second at which the answer was given (its Date header; None when nobody knows)."""


@dataclass(slots=True)
class Population:
    """The leaves of one place in one trace, in the order of the exchanges."""

    leaves: list[Leaf] = field(default_factory=list)
    types: list[tuple[str, str]] = field(default_factory=list)  # exchange id and type, where the place varies
    keys: list[tuple[str, frozenset[str]]] = field(default_factory=list)  # exchange id and keys, of loose elements
    lengths: list[tuple[str, int]] = field(default_factory=list)  # exchange id and length, of lists that vary in it

    def __len__(self) -> int:
        return len(self.leaves)

    def values(self) -> list[Scalar]:
        return [value for _, value, _ in self.leaves]

    def by_exchange(self) -> dict[str, list[Scalar]]:
        out: dict[str, list[Scalar]] = {}
        for exchange_id, value, _ in self.leaves:
            out.setdefault(exchange_id, []).append(value)
        return out


@dataclass(slots=True)
class Wanted:
    """A trie of place patterns. `is_whole`: everything below is wanted, whatever it is called."""

    below: dict[str, Wanted] = field(default_factory=dict)
    is_leaf: bool = False
    is_whole: bool = False

    def add(self, place: str, *, is_whole: bool) -> None:
        node = self
        for step in steps_of(place):
            node = node.below.setdefault(step, Wanted())
        node.is_leaf = True
        node.is_whole = node.is_whole or is_whole


Populations = dict[tuple[str, str], Population]


def wanted_of(rules: Rules) -> dict[str, Wanted]:
    """Per endpoint, the noisy places that are compared as crowds."""
    out: dict[str, Wanted] = {}
    for (endpoint, place), rule in rules.by_place.items():
        if rule.differing and rule.relation not in _NOT_AS_A_CROWD:
            is_whole = rule.relation is Relation.VARIABLE
            out.setdefault(endpoint, Wanted()).add(place, is_whole=is_whole)
    return out


def gather(
    attempts: Iterable[Attempt], wanted: dict[str, Wanted], redaction: Redaction, role: Role, exchanges: Container[str]
) -> Populations:
    """The populations of one trace, of the given exchanges. Places that were redacted in the recording are left out."""
    out: Populations = {}
    for attempt in attempts:
        trie = wanted.get(attempt.endpoint)
        response = attempt.response
        if trie is None or response is None or attempt.exchange_id not in exchanges or response.body.truncated:
            continue
        now = second_of(response.headers.get("date"))
        if role is Role.RECORDED and redaction.class_at(attempt.endpoint, "header.date"):
            now = None
        document = read_tree(response.body) if "body" in trie.below else None
        tree: dict[str, Tree] = {"body": document[0]} if document else {}
        if len(trie.below) > ("body" in trie.below):
            tree |= head_tree(response.headers)
        for place, node, is_whole in _nodes(tree, trie):
            if redaction.class_at(attempt.endpoint, place):
                continue
            crowd = out.setdefault((attempt.endpoint, place), Population())
            if isinstance(node, dict) and place.endswith(_ELEMENT) and not any(map(is_map_key, node)):
                crowd.keys.append((attempt.exchange_id, frozenset(node)))
            if isinstance(node, list):
                crowd.lengths.append((attempt.exchange_id, len(node)))
            elif not isinstance(node, dict):
                crowd.leaves.append((attempt.exchange_id, node, now))
            if is_whole:
                crowd.types.append((attempt.exchange_id, type_of(node)))
    return out


def _nodes(tree: Tree, trie: Wanted) -> Iterable[tuple[str, Tree, bool]]:
    """Leaves that are wanted, what comes and goes as a whole, and lists that vary in length."""
    stack: list[tuple[str, Tree, Wanted]] = [("", tree, trie)]
    while stack:
        place, node, at = stack.pop()
        if isinstance(node, dict):
            if at.is_whole:
                yield place, node, True
            stack.extend(
                (f"{place}.{key}" if place else key, value, at.below.get(key, at))
                for key, value in reversed(node.items())
                if (key in at.below or at.is_whole) and not (at.is_whole and is_map_key(key))
            )
        elif isinstance(node, list):
            below = at.below.get(_ELEMENT)
            if at.is_whole or (below is not None and below.is_whole):
                yield place, node, at.is_whole
            if below is not None or at.is_whole:
                stack.extend((place + _ELEMENT, element, below or at) for element in reversed(node))
        elif at.is_leaf or at.is_whole:
            yield place, node, at.is_whole


def steps_of(place: str) -> list[str]:
    """`body.items[*].id` in steps. A key that holds a dot is two steps, and matches nothing: it stays unseen."""
    out: list[str] = []
    for part in place.split("."):
        name = part
        while name.endswith(_ELEMENT):
            name = name.removesuffix(_ELEMENT)
        if name:
            out.append(name)
        out.extend([_ELEMENT] * ((len(part) - len(name)) // len(_ELEMENT)))
    return out
