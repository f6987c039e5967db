"""A world is one set of fresh values: its own clock, ids, hosts and chance. World 0 is the recording.

Rule: everything is a function of the seed and of names; the order in which values are drawn never matters.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Any

ENTITIES = 9  # orders, customers, ... that the plan asks for
ABSENT: Any = object()  # a field that is not there this time
_RECORDED = datetime(2026, 9, 3, 11, 10, tzinfo=UTC).timestamp()
_REPLAYED = datetime(2026, 11, 20, 9, 20, tzinfo=UTC).timestamp()
_APART_SECONDS = 23 * 60.0  # between the starts of two replays


def digest(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()


def uuid_of(*parts: object) -> str:
    word = digest(*parts)
    return f"{word[:8]}-{word[8:12]}-4{word[13:16]}-a{word[17:20]}-{word[20:32]}"


@lru_cache(maxsize=100_000)
def latent(*parts: object) -> float:
    """What is true of a thing in every world: a number from 0 to 1."""
    return int(digest("latent", *parts)[:12], 16) / 16**12


@dataclass(frozen=True, slots=True)
class World:
    seed: int
    number: int
    is_hard: bool = False

    @property
    def start(self) -> float:
        return _RECORDED if self.number == 0 else _REPLAYED + self.number * _APART_SECONDS

    @property
    def host(self) -> str:
        return "api.shop.example" if self.number == 0 else f"qa{self.number}.shop.test"

    def draw(self, *parts: object) -> Random:
        return Random(f"{self.seed}/{self.number}/{'/'.join(map(str, parts))}")

    def share(self, *parts: object) -> float:
        """A property of the whole world, from 0 to 1."""
        return int(digest(self.seed, self.number, *parts)[:12], 16) / 16**12

    def id_of(self, noun: str, entity: int) -> int:
        """A sequence of the database: it starts elsewhere in each world, with gaps at the same entities."""
        first = 1_000 + int(digest(self.seed, self.number, noun)[:6], 16) % 60_000
        return first + entity * 3 + int(3 * latent(self.seed, noun, entity))

    def uuid_of(self, noun: str, entity: int) -> str:
        return uuid_of(self.seed, self.number, noun, entity)


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer about one entity. `nth` counts the requests of the endpoint, `number` those of the session."""

    world: World
    noun: str
    entity: int
    number: int
    nth: int
    chance: Random

    @property
    def now(self) -> float:
        """Requests are about three seconds apart, in the recording as in a replay."""
        return self.world.start + 3.0 * self.number + self.world.share("pace", self.number)

    def about(self, entity: int) -> Turn:
        """The same moment, another entity: a row of a page."""
        return Turn(self.world, self.noun, entity % ENTITIES, self.number, self.nth, self.chance)

    def latent(self, *parts: object) -> float:
        return latent(self.world.seed, self.noun, self.entity, *parts)
