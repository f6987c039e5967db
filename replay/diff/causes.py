"""Thousands of differences to a few root causes: the same thing done to fields of the same name is one cause.

    differences -> groups (endpoint, place, kind) -> what was done to the values -> cause (what, name of the field)

Rule: a cause's id is made of what was done and of the field's name alone, never of values: it is the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from replay.diff.relations import type_of
from replay.diff.shapes import shape
from replay.diff.times import second_of
from replay.model.difference import Difference, DifferenceKind
from replay.model.finding import fingerprint
from replay.model.tree import Scalar

Group = tuple[str, str, DifferenceKind]  # endpoint, place, kind
_WHOLE = frozenset({DifferenceKind.STATUS, DifferenceKind.FAULT, DifferenceKind.MEDIA_TYPE})
_PLAIN = {
    DifferenceKind.MISSING: "is missing",
    DifferenceKind.ADDED: "is new",
    DifferenceKind.RENAMING: "names another thing",
    DifferenceKind.SLOWER: "takes longer",
}
_EXEMPLARS = 3


@dataclass(frozen=True, slots=True)
class Cause:
    """`groups` are the places that it shows at; `exemplars` are some of its differences, of different groups first."""

    id: str
    name: str  # of the field; empty for whole answers
    what: str  # was done: "became text", "is missing", "times 0.001"
    groups: tuple[Group, ...]
    exemplars: tuple[Difference, ...]
    differences: int

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(endpoint for endpoint, _, _ in self.groups))


def causes(differences: Iterable[Difference]) -> tuple[Cause, ...]:
    """Root causes, the one with the most differences first."""
    groups: dict[Group, list[Difference]] = {}
    for one in differences:
        groups.setdefault((one.endpoint, one.place, one.kind), []).append(one)
    alike: dict[tuple[str, str], list[Group]] = {}
    for group, found in groups.items():
        alike.setdefault((_name(group), what_was_done(found)), []).append(group)
    made = [_cause(name, what, members, groups) for (name, what), members in alike.items()]
    return tuple(sorted(made, key=lambda one: (-one.differences, one.id)))


def what_was_done(found: Sequence[Difference]) -> str:
    """To the values of one group, in words without values."""
    first = found[0]
    if first.kind in _WHOLE:
        pairs = sorted({f"{one.expected} became {one.observed}" for one in found})
        return f"{first.kind} {pairs[0]}" if len(pairs) == 1 else f"{first.kind} differs"
    if first.kind in _PLAIN:
        return _PLAIN[first.kind]
    if first.kind is DifferenceKind.TYPE:
        return f"{_type(first.expected)} became {_type(first.observed)}"
    if first.kind is DifferenceKind.LENGTH:
        return _length([(one.expected, one.observed) for one in found])
    return _values([(one.expected, one.observed) for one in found])


def _values(pairs: Sequence[tuple[Scalar, Scalar]]) -> str:
    """What all pairs have in common, most telling first."""
    seconds = [(second_of(was), second_of(now)) for was, now in pairs]
    if all(was is not None and now is not None for was, now in seconds):
        return _by(f"{round((now or 0) - (was or 0)):+d} s" for was, now in seconds) or "another time"
    numbers = [(was, now) for was, now in pairs if _is_number(was) and _is_number(now)]
    if len(numbers) == len(pairs):
        return _number(numbers)  # type: ignore[arg-type]  # all are numbers
    return _by(_text(was, now) for was, now in pairs) or "another value"


def _number(pairs: Sequence[tuple[float, float]]) -> str:
    if len(pairs) > 1:
        offset = _by(f"{now - was:+.6g}" for was, now in pairs)
        ratio = _by(f"times {now / was:.2g}" for was, now in pairs if was)
        return offset or ratio or "another number"
    return "another number"


def _text(was: Scalar, now: Scalar) -> str:
    if type_of(was) != type_of(now):
        return f"{type_of(was)} became {type_of(now)}"
    if not isinstance(was, str) or not isinstance(now, str):
        return "flipped" if isinstance(was, bool) else "another value"
    if not now:
        return "became empty"
    if was.casefold() == now.casefold():
        return "another case"
    if was.startswith(now) or was.endswith(now):
        return "cut"
    one, two = _class(was), _class(now)
    return f"{one} became {two}" if one != two else "another text"


def _class(text: str) -> str:
    return shape(text).partition(":")[0]


def _length(pairs: Sequence[tuple[Scalar, Scalar]]) -> str:
    known = [(was, now) for was, now in pairs if isinstance(was, int) and isinstance(now, int)]
    if known and all(now == 0 for _, now in known):
        return "emptied"
    if all(now < was for was, now in known):
        return "elements are missing"
    return "elements are new" if all(now > was for was, now in known) else "another length"


def _by(told: Iterable[str]) -> str:
    """The one thing that all of them say; empty when they differ."""
    said = set(told)
    return said.pop() if len(said) == 1 else ""


def _type(value: Scalar) -> str:
    """Of a list or an object a difference holds the name of its type."""
    return str(value) if value in {"list", "object"} else type_of(value)


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _name(group: Group) -> str:
    """The field's name in any spelling: total_cents, totalCents."""
    _, place, kind = group
    if kind in _WHOLE:
        return ""
    return place.replace("[*]", "").rpartition(".")[2].replace("_", "").replace("-", "").casefold()


def _cause(name: str, what: str, members: list[Group], groups: dict[Group, list[Difference]]) -> Cause:
    firsts = [groups[group][0] for group in members]
    rest = [one for group in members for one in groups[group][1:]]
    count = sum(len(groups[group]) for group in members)
    exemplars = tuple((firsts + rest)[:_EXEMPLARS])
    return Cause(fingerprint("cause", name, what), name, what, tuple(members), exemplars, count)
