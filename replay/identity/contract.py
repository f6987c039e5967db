"""What the driver asks of identities: dress this request, and dress it again after a 401.

    dress(order) -> Dressed        before it is sent
    again(order, dressed)          after it was refused: the same request with renewed credentials, or None
    refused(dressed)               that one was refused, too

Rule: what is stored of a dressed request is the request before it was dressed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from replay.model.exchange import Outcome, Request
from replay.model.session import Actor

BOUND = "bound"  # dressed by what the recording's own login gave
CREDENTIALS = "credentials"  # unresolved: nobody's live credentials are known for the part


@dataclass(frozen=True, slots=True, repr=False)
class Order:
    """`request` is about to be sent; `recorded` is the recorded request whose credentials it carries.

    `actor`: whose they are. `is_anonymous`: it is sent as nobody, whatever stood there.
    """

    request: Request
    recorded: Request
    actor: Actor | None
    is_anonymous: bool = False
    recorded_status: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Dressed:
    """`identity` is the name of what dressed it: `bound`, or empty when nothing did. `worn`: for the dresser alone."""

    request: Request
    identity: str = ""
    unresolved: tuple[str, ...] = ()
    is_lacking: bool = False  # recorded with credentials, and there are no live ones
    worn: tuple[tuple[int, int], ...] = ()


class Dresser(Protocol):
    async def dress(self, order: Order) -> Dressed: ...

    def is_refusal(self, order: Order, dressed: Dressed, status: int) -> bool:
        """True when what was worn may be over: another status than recorded, and one that the identity renews on."""
        ...

    async def again(self, order: Order, dressed: Dressed) -> Dressed | None: ...

    def refused(self, dressed: Dressed) -> None: ...

    def conceal(self, outcome: Outcome) -> Outcome:
        """The outcome without live secrets, for whoever stores or judges it."""
        ...
