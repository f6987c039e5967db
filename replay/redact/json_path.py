"""Places in documents as a policy writes them: the part of JSONPath (RFC 9535) that names fields and no elements.

    $                the document itself           $..email         at any depth
    $.a.b            members                       $.a[*], $.a.*    every element or member of a
    $['odd name']    any member name               $..*             everything

Rule: no positions and no filters. A path is decided for the field, once, before any value is seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_STEP = re.compile(r"(?P<deep>\.\.)\[?|\.(?!\.)|\[", re.DOTALL)  # what begins a step; then one of the three that follow
_NAME = re.compile(r"[^\W\d][\w@$-]*|[@$][\w@$-]+")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'\]|\"((?:[^\"\\]|\\.)*)\"\]", re.DOTALL)
_MOST_STEPS = 32


class Step(NamedTuple):
    """`name` None: any member or element. `is_deep`: at any depth below."""

    name: str | None
    is_deep: bool = False


Steps = tuple[Step, ...]
Trail = Sequence[str | None]
"""Member names from the document's root down; None is an element of a list."""


def parse_json_path(text: str) -> Steps:
    """Raises ValueError with the second half of a sentence."""
    if not text.startswith("$"):
        raise ValueError("has a path that does not begin with $")
    steps: list[Step] = []
    at = 1
    while at < len(text):
        begun = _STEP.match(text, at)
        if begun is None:
            raise ValueError("has a path that is no JSONPath, such as $.users[*].email or $..email")
        bracketed = begun.group().endswith("[")
        name, at = _bracketed(text, begun.end()) if bracketed else _bare(text, begun.end())
        steps.append(Step(name, begun["deep"] is not None))
    if len(steps) > _MOST_STEPS:
        raise ValueError(f"has a path of more than {_MOST_STEPS} steps")
    return tuple(steps)


def written(steps: Steps) -> str:
    """One spelling for each path."""
    return "$" + "".join(_written(step) for step in steps)


def fits(steps: Steps, trail: Trail) -> bool:
    """True when the path names the place at the end of `trail`."""
    states = {0}
    for key in trail:
        fresh = {i + 1 for i in states if i < len(steps) and _takes(steps[i], key)}
        fresh.update(i for i in states if i < len(steps) and steps[i].is_deep)
        states = fresh
    return len(steps) in states


def overlap(one: Steps, other: Steps) -> bool:
    """True when some place is named by both."""
    todo, seen = [(0, 0)], {(0, 0)}
    while todo:
        i, j = todo.pop()
        if i == len(one) and j == len(other):
            return True
        for found in _moves(one, other, i, j):
            if found not in seen:
                seen.add(found)
                todo.append(found)
    return False


def specificity(steps: Steps) -> tuple[int, int]:
    """More names first; of as many, the path that says how deep."""
    return sum(step.name is not None for step in steps), int(not any(step.is_deep for step in steps))


def _bare(text: str, at: int) -> tuple[str | None, int]:
    if text[at : at + 1] == "*":
        return None, at + 1
    found = _NAME.match(text, at)
    if found is None:
        raise ValueError("has a path with a step that is no name: write ['the name'] for an odd one")
    return found.group(), found.end()


def _bracketed(text: str, at: int) -> tuple[str | None, int]:
    if text.startswith("*]", at):
        return None, at + 2
    found = _QUOTED.match(text, at)
    if found is not None:
        name = found[1] if found[1] is not None else found[2]
        return re.sub(r"\\(.)", r"\1", name, flags=re.DOTALL), found.end()
    if text[at : at + 1] == "?":
        raise ValueError("has a path with a filter: a rule holds for a field whatever its value is")
    raise ValueError("has a path with a position: a rule holds for every element, write [*]")


def _written(step: Step) -> str:
    mark = ".." if step.is_deep else "" if step.name is None else "."
    if step.name is None:
        return f"{mark}[*]"
    if _NAME.fullmatch(step.name):
        return mark + step.name
    quoted = step.name.replace("\\", "\\\\").replace("'", "\\'")
    return f"{mark.rstrip('.') if not step.is_deep else mark}['{quoted}']"


def _takes(step: Step, key: str | None) -> bool:
    return step.name is None or step.name == key


def _moves(one: Steps, other: Steps, i: int, j: int) -> list[tuple[int, int]]:
    """What one more key may lead to."""
    here = one[i] if i < len(one) else None
    there = other[j] if j < len(other) else None
    if here is None or there is None:
        return []
    moves = []
    if here.name is None or there.name is None or here.name == there.name:
        moves.append((i + 1, j + 1))
    if here.is_deep:
        moves.append((i, j + 1))
    if there.is_deep:
        moves.append((i + 1, j))
    if here.is_deep and there.is_deep:
        moves.append((i, j))
    return moves
