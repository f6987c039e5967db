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
from replay.diff.layers import gate
from replay.diff.orders import IsSteady, Orders
from replay.diff.relations import gap_of, holds, is_equal, is_nameable
from replay.diff.renaming import Domain, Renaming, domain_of
from replay.diff.sorts import joined
from replay.diff.times import time_format
from replay.diff.unsteady import Unsteady
from replay.diff.walk import Pair
from replay.model.difference import DifferenceKind, Noise, NoiseRule, Relation
from replay.model.evidence import Attempt, Trace
from replay.model.tree import Scalar

ROOT = "body"
STATUS = "status"
_REPEATS = 3  # a renaming that never had to repeat itself proves nothing
_LARGE = 100_000  # numbers below it repeat by chance
_NAMES_A_THING = re.compile(r"(?i:(^|_|-)(u?u?ids?|guid|key|ref|parent|owner|user|account|author))$|[a-z](Id|ID|Ids)$")
_WEAKER = (Relation.TIME, Relation.TOLERANCE, Relation.SHAPE, Relation.TYPE)
_NESTED = 3  # lists in lists whose order varies
_APART = 100  # times the gap between replays: so far must the answers of one replay lie apart

Key = tuple[str, str]  # endpoint, place


@dataclass(slots=True)
class _Seen:
    """What was seen at one place: counts, and the distinct leaves that were not equal."""

    pairs: int = 0
    differing: int = 0
    comes_and_goes: bool = False
    is_unordered: bool = False  # a list
    unequal: dict[tuple[str, str], tuple[Scalar, Scalar]] = field(default_factory=dict)  # by repr: 1 is not True
    named: dict[tuple[int, Domain, str, str], tuple[Renaming, Scalar, Scalar]] = field(default_factory=dict)


def learn(first: Trace, second: Trace, redacted: Redacted) -> Noise:
    """Rules from two clean replays of the same capture against the same build, each in its own world."""
    return learn_from([first, second], redacted)


def learn_from(clean: Sequence[Trace], redacted: Redacted) -> Noise:
    """Rules from any number of clean replays: every two of them are a pair."""
    redaction = Redaction(redacted)
    pairs = [[*align(first, second)] for first, second in combinations(clean, 2)]
    unordered, unsteady = _surveyed([pair for one in pairs for pair in one], redaction)
    seen: dict[Key, _Seen] = {key: _Seen(is_unordered=True) for key in unordered}
    renamings = []
    for aligned in pairs:
        renamings.append(Renaming())
        for one, two in aligned:
            _look(one, two, seen, renamings[-1], redaction, unsteady)
    rules = tuple(_rules(seen))
    renamed = {(rule.endpoint, rule.place) for rule in rules if rule.relation is Relation.RENAMED}
    return Noise(rules, joined(renamings, renamed))


def _surveyed(pairs: Sequence[tuple[Attempt, Attempt]], redaction: Redaction) -> tuple[dict[Key, IsSteady], Unsteady]:
    """Lists whose order varies, and with their elements matched: what varies at all."""
    unordered: dict[Key, IsSteady] = {}
    for _ in range(_NESTED):  # the elements of an inner list stand beside each other once those of the outer one do
        orders = Orders()
        unsteady = Unsteady.among(pairs, redaction, orders.hooks(redaction, unordered))
        found = orders.unordered(redaction)
        unordered |= found
        if not found:
            break
    return unordered, unsteady


def _look(
    one: Attempt,
    two: Attempt,
    seen: dict[Key, _Seen],
    renaming: Renaming,
    redaction: Redaction,
    unsteady: Unsteady,
) -> None:
    endpoint = one.endpoint
    status = seen.setdefault((endpoint, STATUS), _Seen())
    status.pairs += 1
    if gate(one.outcome, two.outcome) is not None:
        status.differing += 1
        return
    if one.response is None or two.response is None:
        return
    for pair in unsteady.pairs(one, two):
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
        elif entry.is_unordered and not entry.comes_and_goes and not _is_loose(seen, endpoint, place):
            yield NoiseRule(endpoint, place, Relation.UNORDERED, max(1, entry.pairs), max(1, entry.pairs))
            continue
        elif not entry.differing or place == ROOT:
            continue
        else:
            relation = _strongest(entry, place)
        limit = _largest_gap(entry) if relation is Relation.TOLERANCE else 0.0
        yield NoiseRule(endpoint, place, relation, entry.pairs, entry.differing, limit)


def _is_loose(seen: dict[Key, _Seen], endpoint: str, place: str) -> bool:
    elements = seen.get((endpoint, f"{place}[*]"))
    return elements is not None and elements.comes_and_goes


def _strongest(entry: _Seen, place: str) -> Relation:
    if entry.comes_and_goes:
        return Relation.VARIABLE
    if not _is_count(entry, place) and _is_renaming(entry):
        return Relation.RENAMED
    for relation in _WEAKER:
        if relation is Relation.TOLERANCE and not _is_jitter(entry):
            continue
        if all(holds(relation, left, right) for left, right in entry.unequal.values()):
            return relation
    return Relation.VARIABLE


def _largest_gap(entry: _Seen) -> float:
    return max((gap_of(left, right) or 0.0 for left, right in entry.unequal.values()), default=0.0)


def _is_jitter(entry: _Seen) -> bool:
    """What varies between requests is much more than what varies between replays: no count that simply went on."""
    if any(gap_of(left, right) is None for left, right in entry.unequal.values()):
        return False
    numbers = [float(left) for left, _ in entry.unequal.values() if isinstance(left, int | float)]
    apart = (max(numbers) - min(numbers)) / (max(map(abs, numbers)) or 1.0)
    return apart > _APART * _largest_gap(entry)


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
