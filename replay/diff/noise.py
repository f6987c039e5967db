"""What clean replays of one build do to themselves: per place, the strongest relation that always held.

Rule: noise is measured, never guessed from a name. A rule never speaks of another place, and never of the root:
a whole body is compared, or its clean answers disagree and nothing is said about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from replay.diff.alignment import Redacted, Redaction, align
from replay.diff.layers import gate, walk_answers
from replay.diff.relations import holds, is_equal, is_nameable
from replay.diff.renaming import Domain, Renaming, domain_of
from replay.diff.times import time_format
from replay.diff.walk import Lens, Pair
from replay.model.difference import DifferenceKind, Noise, NoiseRule, Relation
from replay.model.evidence import Attempt, Trace
from replay.model.tree import Scalar

ROOT = "body"
STATUS = "status"
_REPEATS = 3  # a renaming that never had to repeat itself proves nothing
_LARGE = 100_000  # numbers below it repeat by chance
_NAMES_A_THING = re.compile(r"(?i:(^|_|-)(u?u?ids?|guid|key|ref|parent|owner|user|account|author))$|[a-z](Id|ID|Ids)$")
_EVERYTHING = Lens(is_watched=lambda _place: True, sees_equal=True)
_WEAKER = (Relation.TIME, Relation.SHAPE, Relation.TYPE)

Key = tuple[str, str]  # endpoint, place


@dataclass(slots=True)
class _Seen:
    """What was seen at one place: counts, and the distinct leaves that were not equal."""

    pairs: int = 0
    differing: int = 0
    comes_and_goes: bool = False
    unequal: dict[tuple[str, str], tuple[Scalar, Scalar]] = field(default_factory=dict)  # by repr: 1 is not True
    named: dict[tuple[int, Domain, str, str], tuple[Renaming, Scalar, Scalar]] = field(default_factory=dict)


def learn(first: Trace, second: Trace, redacted: Redacted) -> Noise:
    """Rules from two clean replays of the same capture against the same build, each in its own world."""
    return learn_from([first, second], redacted)


def learn_from(clean: Sequence[Trace], redacted: Redacted) -> Noise:
    """Rules from any number of clean replays: every two of them are a pair."""
    seen: dict[Key, _Seen] = {}
    redaction = Redaction(redacted)
    for first, second in combinations(clean, 2):
        renaming = Renaming()
        for one, two in align(first, second):
            _look(one, two, seen, renaming, redaction)
    return Noise(tuple(_rules(seen)))


def _look(one: Attempt, two: Attempt, seen: dict[Key, _Seen], renaming: Renaming, redaction: Redaction) -> None:
    endpoint = one.endpoint
    status = seen.setdefault((endpoint, STATUS), _Seen())
    status.pairs += 1
    if gate(one.outcome, two.outcome) is not None:
        status.differing += 1
        return
    if one.response is None or two.response is None:
        return
    for pair in walk_answers(one.response, two.response, _EVERYTHING):
        if pair.kind is None and not isinstance(pair.left, list | dict) and not isinstance(pair.right, list | dict):
            site = (one.exchange_id, endpoint, pair.place)
            entry = seen.setdefault((endpoint, pair.place), _Seen())
            _count_leaf(entry, pair.left, pair.right, site, renaming, redaction)
        else:
            _count_structure(seen, endpoint, pair)


def _count_leaf(
    seen: _Seen, left: Scalar, right: Scalar, site: tuple[str, str, str], renaming: Renaming, redaction: Redaction
) -> None:
    seen.pairs += 1
    if not is_equal(left, right):
        seen.differing += 1
        seen.unequal[(repr(left), repr(right))] = (left, right)
    if is_nameable(left) and is_nameable(right):
        domain = domain_of(site[1], site[2], redaction.class_at(site[1], site[2]), left, right)
        renaming.see(domain, left, right, site)
        seen.named[(id(renaming), domain, str(left), str(right))] = (renaming, left, right)


def _count_structure(seen: dict[Key, _Seen], endpoint: str, pair: Pair) -> None:
    """A list's length is the presence of its elements: its rule stands at `place[*]`, the list's own at `place`."""
    place, kind, left, right = pair
    if kind is DifferenceKind.LENGTH and isinstance(left, list) and isinstance(right, list):
        entry = seen.setdefault((endpoint, f"{place}[*]"), _Seen())
        differs = len(left) != len(right)
    else:
        entry, differs = seen.setdefault((endpoint, place), _Seen()), True
    entry.pairs += 1
    entry.differing += differs
    entry.comes_and_goes = entry.comes_and_goes or differs


def _rules(seen: dict[Key, _Seen]) -> Iterable[NoiseRule]:
    for (endpoint, place), entry in sorted(seen.items(), key=lambda item: item[0]):
        if place == STATUS:  # steady ones as well: how often a status varies is a share of all pairs, of all groups
            relation = Relation.UNSTABLE if entry.differing else Relation.EQUAL
        elif not entry.differing or place == ROOT:
            continue
        else:
            relation = _strongest(entry, place)
        yield NoiseRule(endpoint, place, relation, entry.pairs, entry.differing)


def _strongest(entry: _Seen, place: str) -> Relation:
    if entry.comes_and_goes:
        return Relation.VARIABLE
    if not _is_count(entry, place) and _is_renaming(entry):
        return Relation.RENAMED
    for relation in _WEAKER:
        if all(holds(relation, left, right) for left, right in entry.unequal.values()):
            return relation
    return Relation.VARIABLE


def _is_count(entry: _Seen, place: str) -> bool:
    """Small numbers at a place that is not named like an id: counts that drift together look like a renaming."""
    is_named = _NAMES_A_THING.search(place.replace("[*]", "").rpartition(".")[2]) is not None
    return not is_named and all(
        isinstance(leaf, int | float) and abs(leaf) < _LARGE for pair in entry.unequal.values() for leaf in pair
    )


def _is_renaming(entry: _Seen) -> bool:
    """One to one in its domain, and proven by repetition unless the values are unique by construction.

    Times are left to TIME: two rows that were written within one second share their time by chance.
    """
    if not all(holds(Relation.RENAMED, left, right) for left, right in entry.unequal.values()):
        return False
    if any(time_format(left) or time_format(right) for left, right in entry.unequal.values()):
        return False
    named = [(key[1], *value) for key, value in entry.named.items()]
    if not all(renaming.is_one_to_one(domain, left, right) for domain, renaming, left, right in named):
        return False
    renamed = [entry for entry in named if not is_equal(entry[2], entry[3])]
    if all(len(domain) == 1 for domain, *_ in renamed):
        return True
    return sum(renaming.repeats(domain, left, right) for domain, renaming, left, right in renamed) >= _REPEATS
