"""What a mutator is: an agent that changes one thing in a session and states what must then still hold."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Protocol, runtime_checkable

from replay.model.case import Expectation, Injected, Site, Step
from replay.model.session import Session


class Mutator(Protocol):
    """One file, one class, a frozen dataclass whose fields are its configuration (`[mutators.NAME]`).

    Rule: pure. The same session, site and seed give the same steps.
    """

    @property
    def name(self) -> str: ...

    @property
    def expectation(self) -> Expectation: ...

    def sites(self, session: Session) -> Iterable[Site]:
        """Every place in the session where this mutation makes sense."""
        ...

    def apply(self, session: Session, site: Site, rng: Random) -> tuple[Step, ...]:
        """The whole session's steps with the change in it (see `model.case.steps_with`)."""
        ...


@runtime_checkable
class Injects(Protocol):
    """Optional power: names what it puts into the request, so that an oracle can look for it."""

    def injected(self, session: Session, site: Site, rng: Random) -> tuple[Injected, ...]:
        """Same arguments, same generator state as `apply`: the same injections."""
        ...


@runtime_checkable
class HasSerialTwin(Protocol):
    """Optional power: steps sent at once also run one after another, for comparison (the serial envelope)."""

    @property
    def rounds(self) -> int:
        """How many fresh worlds are tried at most until the first hit."""
        ...
