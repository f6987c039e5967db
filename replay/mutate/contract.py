"""What a mutator is: an agent that changes one thing in a session and states what must then still hold."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Protocol, runtime_checkable

from replay.model.case import Expectation, Injected, Site, Step
from replay.model.exchange import Exchange
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


@runtime_checkable
class TakesOther(Protocol):
    """Optional power: some variants also send a request that another tenant sent itself, to the same endpoint."""

    def needs_other(self, site: Site) -> bool: ...

    def fits_other(self, exchange: Exchange) -> bool:
        """Whether this request of another tenant will do."""
        ...

    def apply_with(self, session: Session, site: Site, other: Exchange, rng: Random) -> tuple[Step, ...]:
        """`apply` for those variants; steps of `other` have a `copy` above 0 and are judged with the site's own."""
        ...
