"""One session of the corpus: a service, what is broken in its new build, and the labels; played in any world.

Rule: the recording comes from the old build and every replay from the new one: that is what `replay run` meets.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from quality.diff_corpus.breaking import FIELD, Regression
from quality.diff_corpus.regressions import KINDS
from quality.diff_corpus.service import NOUNS, Answer, Endpoint, service, turn_of
from quality.diff_corpus.worlds import ENTITIES, World
from replay.model.body import Body
from replay.model.codec import dump_json
from replay.model.evidence import Attempt, Part, Role, Trace
from replay.model.exchange import Request, Response
from replay.model.headers import Headers

BROKEN = 12  # endpoints of a session that are broken; two are left alone
NEW_BUILD, OLD_BUILD = True, False


@dataclass(frozen=True, slots=True)
class Label:
    """A regression that is really there: in these exchanges of this endpoint, visible at one of these places."""

    regression: Regression
    endpoint: str
    places: tuple[str, ...]
    exchanges: frozenset[str]


@dataclass(slots=True)
class Session:
    seed: int
    requests: int  # per endpoint
    is_hard: bool
    endpoints: tuple[Endpoint, ...]
    broken: dict[str, tuple[Regression, ...]]  # by noun
    labels: list[Label] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.requests * len(self.endpoints)

    def play(self, number: int, *, new_build: bool = NEW_BUILD) -> Trace:
        """The whole plan in world `number`."""
        world = World(self.seed, number, self.is_hard)
        attempts = tuple(self._attempt(world, n, new_build=new_build) for n in range(self.size))
        return Trace(Role.CLEAN if number else Role.RECORDED, number, attempts, renamed=self._renamed(world))

    def answer(self, world: World, number: int, *, new_build: bool) -> tuple[Endpoint, Answer]:
        endpoint = self.endpoints[number % len(self.endpoints)]
        nth = number // len(self.endpoints)
        answer = endpoint.answer(turn_of(world, endpoint, number, nth))
        for regression in self.broken.get(endpoint.noun, ()) if new_build else ():
            if nth in regression.hits(self.seed, endpoint, self.requests):
                regression.break_it(answer, endpoint)
        return endpoint, answer

    def _attempt(self, world: World, number: int, *, new_build: bool) -> Attempt:
        endpoint, answer = self.answer(world, number, new_build=new_build)
        method, _, route = endpoint.name.partition(" ")
        target = route.replace("{id}", str(world.id_of(endpoint.noun, answer.turn.entity)))
        body = Body(dump_json(endpoint.document(answer)), answer.media)
        response = Response(answer.status, Headers(tuple(answer.headers.items())), body)
        at = answer.turn.now - world.start
        return Attempt(
            f"e{number}", "s", endpoint.name, None, None, Part.JUDGED, Request(method, target), response,
            intended=at, sent=at, first_byte=at + 0.02, ended=at + 0.03,
        )  # fmt: skip

    def _renamed(self, world: World) -> tuple[tuple[str, str], ...]:
        """What request binding would know: the ids that stand in paths."""
        if not world.number:
            return ()
        recorded = replace(world, number=0)
        nouns = [one.noun for one in self.endpoints if "{id}" in one.name]
        pairs = ((str(recorded.id_of(n, e)), str(world.id_of(n, e))) for n in nouns for e in range(ENTITIES))
        return tuple(dict.fromkeys(pairs))

    def label(self) -> None:
        """What the new build really changed, seen in one world with the same chance twice."""
        world = World(self.seed, 1, self.is_hard)
        for i, endpoint in enumerate(self.endpoints):
            for regression in self.broken.get(endpoint.noun, ()):
                hits = regression.hits(self.seed, endpoint, self.requests)
                numbers = (nth * len(self.endpoints) + i for nth in sorted(hits))
                changed = frozenset(f"e{number}" for number in numbers if self._changes(world, number, regression))
                if changed:
                    self.labels.append(Label(regression, endpoint.name, regression.places(endpoint), changed))

    def _changes(self, world: World, number: int, regression: Regression) -> bool:
        endpoint, whole = self.answer(world, number, new_build=False)
        _, broken = self.answer(world, number, new_build=False)
        regression.break_it(broken, endpoint)
        return _sent(endpoint, whole) != _sent(endpoint, broken)


def _sent(endpoint: Endpoint, answer: Answer) -> tuple[Any, ...]:
    return answer.status, answer.headers, answer.media, dump_json(endpoint.document(answer))  # 1 is not True


def combinations(*, is_hard: bool) -> list[Regression]:
    """Every kind with every family that it can break, and one of its shares; mixed, always in the same order."""
    shares = Random("shares")
    out = [
        Regression(kind, family, shares.choice(kind.shares))
        for _ in range(3)
        for kind in KINDS
        if is_hard or not kind.is_hard
        for family in kind.families
    ]
    Random("order").shuffle(out)
    return out


def broken_session(seed: int, turn: int, requests: int = 60, *, is_hard: bool = False) -> Session:
    """The `turn`-th dozen of all regressions."""
    every = combinations(is_hard=is_hard)
    chosen = [every[(turn * BROKEN + i) % len(every)] for i in range(BROKEN)]
    endpoints = service(seed, [one.family for one in chosen], is_hard=is_hard)
    pairs = zip(endpoints, chosen, strict=False)
    broken = {endpoint.noun: (one,) for endpoint, one in pairs if one.fits(endpoint)}
    session = Session(seed, requests, is_hard, endpoints, broken)
    session.label()
    return session


def shared_session(seed: int, requests: int = 60, causes: int = 8) -> Session:
    """A few causes, each of which breaks every endpoint that holds such a field: a change in shared code."""
    fields = [one for one in combinations(is_hard=False) if one.kind.at == FIELD]
    chosen = list({one.family.name: one for one in Random(f"{seed}/shared").sample(fields, len(fields))}.values())
    families = [one.family for one in chosen[:causes]]
    endpoints = service(seed, families * (len(NOUNS) // causes + 1))
    broken = {end.noun: tuple(one for one in chosen[:causes] if one.fits(end)) for end in endpoints}
    session = Session(seed, requests, False, endpoints, broken)
    session.label()
    return session


def clean_session(seed: int, requests: int = 60, *, is_hard: bool = False) -> Session:
    """Nothing is broken: the new build is the old one."""
    return Session(seed, requests, is_hard, service(seed, [], is_hard=is_hard), {})
