"""Which places name things of one sort: `order.id` here and `orders[*].id` there, learned from clean replays.

Two places belong together when several of their names are the same between two replays, and every one of these was
renamed alike; names that were not renamed at all (rows of the seed) prove nothing.
Rule: numbers prove it for one noun only. An order and its invoice are counted in step, until two buyers meet: their
numbers are renamed alike for a while, and are two things all the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from replay.diff.nouns import noun_of
from replay.diff.renaming import Renaming
from replay.model.difference import Domains

_SHARED = 3  # renamed names that two places must have in common
_MOST_PLACES = 40  # that hold one name; more of them are numbers, no names

Site = tuple[str, str]


def joined(renamings: Sequence[Renaming], renamed: Collection[Site]) -> Domains:
    """Groups of the `renamed` places (endpoint, place), in a fixed order."""
    shared, torn = Counter[tuple[Site, Site]](), set[tuple[Site, Site]]()
    for renaming in renamings:
        for was, holders in _holders(renaming, renamed).items():
            for (one, first), (two, second) in combinations(holders, 2):
                if was.isdecimal() and noun_of(*one) != noun_of(*two):
                    continue
                if first == second:
                    shared[one, two] += 1
                else:
                    torn.add((one, two))
    alike = [pair for pair, count in shared.items() if count >= _SHARED and pair not in torn]
    return tuple(sorted(_united(alike), key=sorted))


def confirmed(domains: Domains, renaming: Renaming, *, is_live: bool) -> dict[Site, Site]:
    """Place -> the first place of its domain, where recording and replay agree in two of three shared names as well.

    `is_live`: both sides are replays, like those that taught the domains; what they taught then needs no second proof.
    """
    out: dict[Site, Site] = {}
    for domain in domains:
        first, *others = sorted(domain)
        for other in others:
            agreed, shared = _agreement(renaming.pairs_of(first), renaming.pairs_of(other))
            if is_live or (shared >= _SHARED and agreed * 3 >= shared * 2):
                out[other] = first
    return out


def _holders(renaming: Renaming, renamed: Collection[Site]) -> dict[str, list[tuple[Site, str]]]:
    """Per renamed name: the places that hold it, and what it became there."""
    out: dict[str, list[tuple[Site, str]]] = defaultdict(list)
    for domain in sorted(renaming.forward):
        if len(domain) == 2 and domain in renamed:
            for was, now in renaming.pairs_of((domain[0], domain[1])).items():
                out[was].append(((domain[0], domain[1]), now))
    return {was: holders for was, holders in out.items() if len(holders) <= _MOST_PLACES}


def _agreement(one: Mapping[str, str], two: Mapping[str, str]) -> tuple[int, int]:
    common = one.keys() & two.keys()
    return sum(one[name] == two[name] for name in common), len(common)


def _united(pairs: Sequence[tuple[Site, Site]]) -> list[frozenset[Site]]:
    groups: dict[Site, set[Site]] = {}
    for one, two in pairs:
        union = groups.get(one, {one}) | groups.get(two, {two})
        for site in union:
            groups[site] = union
    return list({id(group): frozenset(group) for group in groups.values()}.values())
