"""Who did what, in order: a session is one actor's exchanges."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Exchange


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

    @property
    def tenant(self) -> str:
        return self.actor.tenant if self.actor else ""


@dataclass(frozen=True, slots=True)
class Session:
    """Exchanges in the order in which they started. `actor` is None when it never authenticated."""

    id: str
    actor: Actor | None
    exchanges: tuple[Exchange, ...]

    @property
    def tenant(self) -> str:
        return self.actor.tenant if self.actor else ""

    def index_of(self, exchange_id: str) -> int:
        return next(i for i, exchange in enumerate(self.exchanges) if exchange.id == exchange_id)
