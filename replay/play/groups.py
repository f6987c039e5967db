"""A large capture in groups that are played one after another, so that memory does not grow with the capture.

    tenant a: s1 s4 s9 | tenant b: s2 s3 | nobody's: s5 s6 s7        sessions by tenant
    [s1 s4 s9 s2 s3] [s5 s6 s7]                                      groups of at most so many exchanges

Rule: the sessions of one tenant stand in one group; only a tenant that is larger than a group is cut, by time.
Rule: a group is bounded by exchanges and by bytes of bodies: a hundred downloads weigh as much as an hour of API.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from replay.model.errors import UsageError
from replay.model.session import Outline

Group = tuple[Outline, ...]

_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})")
_MOST_SHARDS = 4096


@dataclass(frozen=True, slots=True)
class Shard:
    """The part `number` (from 1) of `of`."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def holds(self, outline: Outline, key: str) -> bool:
        """True when the session is this shard's: a tenant's sessions go together, the others each by their own name.

        `key` (the capture's id) makes another partition of another capture; it is the same on every machine.
        """
        name = f"tenant {outline.tenant}" if outline.tenant else f"session {outline.name}"
        keyed = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=32).digest()
        found = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=keyed, digest_size=8).digest()
        return int.from_bytes(found, "big") % self.of == self.number - 1


def shard_for(text: str) -> Shard:
    """`2/4`: the second of four. Raises UsageError."""
    match = _SHARD.fullmatch(text)
    number, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= of <= _MOST_SHARDS:
        raise UsageError(
            f"--shard takes a part such as 2/4: a number from 1 to how many there are, {_MOST_SHARDS} at most."
        )
    return Shard(number, of)


@dataclass(frozen=True, slots=True)
class Most:
    """Of one group. A session that is larger is a group of its own."""

    exchanges: int
    size_bytes: int | None = None  # of bodies; None: however many

    def holds(self, exchanges: int, size_bytes: int) -> bool:
        return exchanges <= self.exchanges and (self.size_bytes is None or size_bytes <= self.size_bytes)


def is_one_group(outlines: Iterable[Outline], most: Most) -> bool:
    return most.holds(*_weight(outlines))


def grouped(outlines: Iterable[Outline], most: Most) -> tuple[Group, ...]:
    """Groups of at most so many exchanges and bytes, in the order of first exchanges."""
    families: dict[str, list[Outline]] = {}
    for outline in outlines:
        families.setdefault(outline.tenant, []).append(outline)
    strangers = families.pop("", [])
    pieces = [piece for family in families.values() for piece in _cut(family, most)]
    pieces += [(stranger,) for stranger in strangers]
    pieces.sort(key=lambda piece: (piece[0].first, piece[0].name))  # who makes a thing plays before who uses it
    groups = _filled(pieces, most)
    return tuple(tuple(sorted(group, key=lambda one: (one.first, one.name))) for group in groups)


def sampled(outlines: Sequence[Outline], most: int, seed: int) -> Group:
    """Whole sessions of at most `most` exchanges together, drawn by the seed tenant by tenant.

    A tenant that is larger than half of that gives its first sessions only, so that there is a second one.
    """
    families: dict[str, list[Outline]] = {}
    for outline in outlines:
        families.setdefault(outline.tenant or f"session {outline.name}", []).append(outline)
    names = sorted(families)
    Random(seed).shuffle(names)
    chosen: list[Outline] = []
    room = most
    for name in names:
        first = _cut(families[name], Most(max(1, most // 2)))[0]
        weight = sum(one.exchanges for one in first)
        if weight <= room:
            chosen.extend(first)
            room -= weight
    return tuple(sorted(chosen, key=lambda one: (one.first, one.name)))


def _cut(family: Sequence[Outline], most: Most) -> list[Group]:
    return _filled([(one,) for one in family], most)


def _filled(pieces: Iterable[Group], most: Most) -> list[Group]:
    """The pieces in groups, in their order; each group takes as many as it may hold."""
    groups: list[list[Outline]] = []
    exchanges = size_bytes = 0
    for piece in pieces:
        more, heavier = _weight(piece)
        if not groups or not most.holds(exchanges + more, size_bytes + heavier):
            groups.append([])
            exchanges = size_bytes = 0
        groups[-1].extend(piece)
        exchanges += more
        size_bytes += heavier
    return [tuple(group) for group in groups]


def _weight(outlines: Iterable[Outline]) -> tuple[int, int]:
    exchanges = size_bytes = 0
    for one in outlines:
        exchanges += one.exchanges
        size_bytes += one.size_bytes
    return exchanges, size_bytes
