"""Sessions times mutators times sites under a budget, from a seed: which cases there are, and how each one is made.

    sessions + mutators --plan--> targets (mutator, endpoint, variant) --build_case--> a case, or None without a cast

Rule: chance comes from the seed and from names only, so that adding a session or a mutator changes no other case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from replay.model.case import Case, CaseId, Mutation, SentAs, Site, Step, one_by_one, rng_for
from replay.model.session import Session
from replay.mutate.cast import cast_other_tenant, cast_same_request
from replay.mutate.contract import HasSerialTwin, Injects, Mutator, TakesOther

MOST_CANDIDATES = 5  # a target whose control fails five times elsewhere will hardly succeed at the sixth
_SEED_BITS = 53  # a seed survives JSON readers that know doubles only


@dataclass(frozen=True, slots=True)
class Target:
    """One mutation of one endpoint; `candidates` are the places where it may be tried, best first."""

    mutator: Mutator
    endpoint: str
    variant: str
    candidates: tuple[tuple[Session, Site], ...]


def plan(
    sessions: Sequence[Session], mutators: Sequence[Mutator], *, seed: int, limit: int | None = None
) -> tuple[Target, ...]:
    """Targets in the order of the mutators, then of endpoint and variant; at most `limit`, spread over the mutators."""
    by_mutator = [tuple(_targets_of(mutator, sessions, seed)) for mutator in mutators]
    if limit is None:
        return tuple(target for targets in by_mutator for target in targets)
    return _sample(by_mutator, seed, limit)


def build_case(target: Target, candidate_index: int, sessions: Sequence[Session], seed: int) -> Case | None:
    """The case of one candidate; None when a step needs another tenant and the capture has no other known one."""
    session, site = target.candidates[candidate_index]
    mutator = target.mutator
    mutation = _mutation(mutator, session, site, seed)
    steps = _steps(mutator, session, site, sessions, seed, Random(mutation.seed))
    if steps is None:
        return None
    cast: tuple[tuple[SentAs, str], ...] = ()
    if any(step.sent_as is SentAs.OTHER_TENANT for step in steps):
        other = cast_other_tenant(session, site, sessions, rng_for(seed, "cast", *_names(mutator, site)))
        if other is None:
            return None
        cast = ((SentAs.OTHER_TENANT, other.id),)
    serial: tuple[Step, ...] = one_by_one(steps) if isinstance(mutator, HasSerialTwin) else ()
    return Case(_case_id(mutator, site), session.id, mutation, steps, serial, cast)


def _steps(
    mutator: Mutator, session: Session, site: Site, sessions: Sequence[Session], seed: int, rng: Random
) -> tuple[Step, ...] | None:
    """None when another tenant's request is needed and there is none."""
    if not isinstance(mutator, TakesOther) or not mutator.needs_other(site):
        return mutator.apply(session, site, rng)
    casting = rng_for(seed, "other", *_names(mutator, site))
    other = cast_same_request(session, site, sessions, mutator.fits_other, casting)
    return mutator.apply_with(session, site, other, rng) if other else None


def _mutation(mutator: Mutator, session: Session, site: Site, seed: int) -> Mutation:
    own_seed = rng_for(seed, *_names(mutator, site)).getrandbits(_SEED_BITS)
    injected = mutator.injected(session, site, Random(own_seed)) if isinstance(mutator, Injects) else ()
    return Mutation(mutator.name, site, mutator.expectation, own_seed, injected)


def _targets_of(mutator: Mutator, sessions: Sequence[Session], seed: int) -> Iterable[Target]:
    found: dict[tuple[str, str], list[tuple[Session, Site]]] = {}
    for session in sessions:
        for site in mutator.sites(session):
            found.setdefault((site.endpoint, site.variant), []).append((session, site))
    for (endpoint, variant), places in sorted(found.items(), key=lambda item: item[0]):
        rng = rng_for(seed, "candidates", mutator.name, endpoint, variant)
        yield Target(mutator, endpoint, variant, _candidates(places, rng))


def _candidates(places: list[tuple[Session, Site]], rng: Random) -> tuple[tuple[Session, Site], ...]:
    """A seeded order; known tenants first, and every session once before any comes twice (one may have drifted)."""
    shuffled = rng.sample(places, len(places))
    met: dict[str, int] = {}
    ranked: list[tuple[bool, int, tuple[Session, Site]]] = []
    for place in shuffled:
        session = place[0]
        turn = met.get(session.id, 0)
        met[session.id] = turn + 1
        ranked.append((not session.tenant, turn, place))
    ranked.sort(key=lambda one: one[:2])
    return tuple(place for _, _, place in ranked[:MOST_CANDIDATES])


def _sample(by_mutator: Sequence[tuple[Target, ...]], seed: int, limit: int) -> tuple[Target, ...]:
    """Turn by turn one target of each mutator until the limit, then back in the order of the plan."""
    drawn: list[list[Target]] = []
    for targets in by_mutator:
        names = targets[0].mutator.name if targets else ""
        drawn.append(rng_for(seed, "limit", names).sample(targets, len(targets)))
    longest = max(map(len, drawn), default=0)
    turns = (targets[turn] for turn in range(longest) for targets in drawn if turn < len(targets))
    kept = {id(target) for target, _ in zip(turns, range(max(0, limit)), strict=False)}
    return tuple(target for targets in by_mutator for target in targets if id(target) in kept)


def _names(mutator: Mutator, site: Site) -> tuple[str, ...]:
    return (mutator.name, site.endpoint, site.variant, site.exchange_id)


def _case_id(mutator: Mutator, site: Site) -> CaseId:
    """`race-1f3a9c04`: 32 bits, because four digits would collide among a few hundred cases."""
    digest = hashlib.blake2b("\x00".join(_names(mutator, site)).encode(), digest_size=4).hexdigest()
    return CaseId(f"{mutator.name}-{digest}")
