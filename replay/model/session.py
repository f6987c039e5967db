"""Who did what, in order: a session is one actor's exchanges."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Exchange

TORN = "torn"
"""Why a session may lack exchanges: the recorder's writer was killed while it went on."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A tenant and a principal, both stand-ins. An empty tenant means that none could be told."""

    tenant: str = ""
    principal: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """A session that was not read yet: what tells where it belongs. `places` is where a capture's reader finds it."""

    name: str
    actor: Actor | None
    first: float  # seconds, UTC, when its first exchange started
    exchanges: int
    places: tuple[tuple[int, int], ...] = ()
    size_bytes: int = 0  # of its bodies, as they are in memory

    @property
    def tenant(self) -> str:
        return self.actor.tenant if self.actor else ""


@dataclass(frozen=True, slots=True)
class Session:
    """Exchanges in the order in which they started. `actor` is None when it never authenticated.

    `is_torn`: some may be missing among them (see TORN), so that nobody can hold it against a target.
    """

    id: str
    actor: Actor | None
    exchanges: tuple[Exchange, ...]
    is_torn: bool = False

    @property
    def tenant(self) -> str:
        return self.actor.tenant if self.actor else ""

    def index_of(self, exchange_id: str) -> int:
        return next(i for i, exchange in enumerate(self.exchanges) if exchange.id == exchange_id)
