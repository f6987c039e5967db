"""What is sent and what must then hold: steps, sites, mutations, cases.

A mutation states its expectation; an oracle judges that statement over stored evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import NewType

from replay.model.exchange import Exchange, Request
from replay.model.hint import Cut
from replay.model.session import Session


class Expectation(StrEnum):
    SAME = "same"  # as the clean replay, modulo noise and renamed ids
    AT_MOST_ONCE = "at-most-once"  # the effect in the database happens once, whatever was sent twice
    REJECTED = "rejected"  # nothing of the other tenant is read or written
    BOUNDED = "bounded"  # 4xx or ignored: never 5xx, never stored, never slow
    LIMITED = "limited"  # 429 before the stated budget
    WHOLE = "whole"  # all of the effect in the database or nothing of it, wherever the client went away
    GONE = "gone"  # what was deleted is not there any more
    KEY_HONOURED = "key-honoured"  # an idempotency key means one request of one client, and no other


class SentAs(StrEnum):
    """Whose credentials a step carries. The planner casts the roles: it knows the other sessions."""

    OWN = "own"
    OTHER_TENANT = "other-tenant"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Step:
    """One request to send, still in the recording's words (stand-ins); values are rebound when it is sent.

    `group` 0 is sent alone; steps of one session with the same positive group are sent truly at once.
    """

    exchange_id: str
    request: Request
    sent_as: SentAs = SentAs.OWN
    mutated: bool = False
    group: int = 0
    copy: int = 0  # 0 for the first, 1.. for further copies; one of another exchange is judged with the site's own
    cut: Cut | None = None  # the client's connection breaks there
    wait_seconds: float = 0.0  # since the copy before was answered, or given up
    only_if_busy: bool = False  # sent only when the copy before was told to come back (409, 423, 425, 429, 5xx)
    made_up: tuple[str, ...] = ()  # values of the mutator's own that every world must make anew


@dataclass(frozen=True, slots=True)
class Site:
    """Where a mutation applies: an exchange of the session and a variant that the mutator names."""

    exchange_id: str
    endpoint: str
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Injected:
    """Something that a mutation added and an oracle looks for: a key, a value, where (`body.is_admin`)."""

    place: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """`seed` alone, with session and site, reproduces the steps."""

    mutator: str
    site: Site
    expectation: Expectation
    seed: int
    injected: tuple[Injected, ...] = ()


CaseId = NewType("CaseId", str)


@dataclass(frozen=True, slots=True)
class Case:
    """A planned experiment.

    `setup` names recorded exchanges of other sessions that must have happened (they created what this one uses);
    `steps` are the session's own, mutated at the site; `serial` are the same copies one after another, where the
    mutator sends them at once; `cast` names, per role, the recorded exchange whose credentials play it.
    """

    id: CaseId
    session_id: str
    mutation: Mutation
    steps: tuple[Step, ...]
    serial: tuple[Step, ...] = ()
    cast: tuple[tuple[SentAs, str], ...] = ()

    def cast_of(self, role: SentAs) -> str:
        """The exchange that plays `role`, or an empty string."""
        return next((exchange_id for who, exchange_id in self.cast if who is role), "")


def clean_steps(session: Session) -> tuple[Step, ...]:
    """The session as it was recorded."""
    return tuple(Step(exchange.id, exchange.request) for exchange in session.exchanges)


def steps_with(session: Session, site: Site, change: Callable[[Exchange], tuple[Step, ...]]) -> tuple[Step, ...]:
    """The session's steps with those at `site` made by `change`: what most mutators need."""
    out: list[Step] = []
    for exchange in session.exchanges:
        if exchange.id == site.exchange_id:
            out.extend(change(exchange))
        else:
            out.append(Step(exchange.id, exchange.request))
    return tuple(out)


def one_by_one(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The same steps with nothing sent at once: the serial twin of a race."""
    return tuple(replace(step, group=0) for step in steps)


def rng_for(seed: int, *names: str) -> Random:
    """A generator of its own for each (seed, names): adding a case never changes another one's chance."""
    return Random(f"{seed}|{'|'.join(names)}")  # repeatability is the point, not secrecy
