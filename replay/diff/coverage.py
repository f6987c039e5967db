"""How closely answers are compared: of their leaves, which must be equal, which must keep a weaker relation.

A comparison that ignores too much is silent for the wrong reason; this is the number that shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from replay.diff.alignment import Redaction, first_attempts
from replay.diff.headers import head_tree
from replay.diff.layers import read_tree
from replay.diff.rules import Rules
from replay.model.difference import Coverage, Relation
from replay.model.evidence import Trace
from replay.model.exchange import Response
from replay.model.tree import Tree

_ANSWERS = 20  # of each endpoint: more of them hold the same places
_UNCHECKED = frozenset({Relation.VARIABLE, Relation.UNSTABLE})


def coverage_of(recorded: Trace, rules: Rules, redaction: Redaction) -> tuple[Coverage, ...]:
    """One for each endpoint that answered, in order of its name."""
    answers: Counter[str] = Counter()
    leaves: Counter[tuple[str, str]] = Counter()
    for attempt in first_attempts(recorded).values():
        endpoint, response = attempt.endpoint, attempt.response
        if response is None or answers[endpoint] >= _ANSWERS:
            continue
        answers[endpoint] += 1
        for place in _places(response):
            leaves[endpoint, _asked(endpoint, place, rules, redaction)] += 1
    return tuple(
        Coverage(one, answers[one], leaves[one, "equal"], leaves[one, "weaker"], leaves[one, "unchecked"])
        for one in sorted(answers)
    )


def _asked(endpoint: str, place: str, rules: Rules, redaction: Redaction) -> str:
    relation = rules.relation(endpoint, place)
    if not place or relation in _UNCHECKED:
        return "unchecked"
    return "equal" if relation is Relation.EQUAL and not redaction.class_at(endpoint, place) else "weaker"


def _places(response: Response) -> Iterator[str]:
    """The place of every leaf; empty for a body that cannot be read, and for one that was cut."""
    yield from _leaves("", head_tree(response.headers))
    if not response.body.data and not response.body.truncated:
        return
    document = None if response.body.truncated else read_tree(response.body)
    if document is None:
        yield "" if response.body.truncated else "body"
    else:
        yield from _leaves("body", document[0])


def _leaves(prefix: str, tree: Tree) -> Iterator[str]:
    stack: list[tuple[str, Tree]] = [(prefix, tree)]
    while stack:
        place, node = stack.pop()
        if isinstance(node, dict):
            stack.extend((f"{place}.{key}" if place else key, value) for key, value in node.items())
        elif isinstance(node, list):
            stack.extend((f"{place}[*]", element) for element in node)
        else:
            yield place
