"""The session and the actor of each exchange, named as it is captured.

    exchange -> facts -> grouping (which session) -> actors (whose, as far as it is known now)

Under sampling the session is told from the raw exchange, since most of it is never redacted; the actor always from the
redacted one, so that every name in a capture is a stand-in.

Rule: memory is bounded, and what falls out of it only splits a session.
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.model.session import Actor
from replay.record.actors import ActorBook
from replay.record.facts import FactReader
from replay.record.grouping import GAP_SECONDS, MEMORY, Group, Grouper, Placed
from replay.record.identify import Sources
from replay.record.subdomains import NO_SITE, Site


@dataclass(frozen=True, slots=True)
class Named:
    """The actor is None while nobody authenticated in the session."""

    session_id: str
    actor: Actor | None


class Namer:
    """Takes redacted exchanges in the order in which they ended, as the recorder sees them."""

    def __init__(
        self,
        first: int = 1,
        memory: int = MEMORY,
        *,
        sources: Sources = Sources(),  # noqa: B008 - frozen
        gap_seconds: float = GAP_SECONDS,
    ) -> None:
        self._reader = FactReader(sources)
        self._grouper = Grouper(memory, gap_seconds)
        self._next = first
        self._actors = ActorBook(memory)

    def name(self, exchange: Exchange, site: Site = NO_SITE) -> Named:
        """The session of this exchange, and its actor as far as it is known now. `site`: its host before redaction."""
        placed, actor = self.place(exchange, site)
        return Named(placed.group.id, actor)

    def place(
        self, exchange: Exchange, site: Site = NO_SITE, told: Placed | None = None, number: int = 0
    ) -> tuple[Placed, Actor | None]:
        """As `name`; `told` is the place when it was told before redaction.

        A session that begins is called after `number`, its first exchange's; without one, sessions are counted.
        """
        facts = self._reader.read(exchange, site)
        placed = told or self._grouper.place(exchange, facts)
        group = placed.group
        if not group.id:
            group.id = f"s{number or self._next}"
            self._next += 1
        return placed, self._actors.note(group.id, facts if placed.is_proven else facts.unproven(), site)

    def group_of(self, exchange: Exchange, site: Site = NO_SITE) -> Group:
        """The session alone, of an exchange that will not be in the capture."""
        return self._grouper.place(exchange, self._reader.read(exchange, site)).group

    @property
    def silent(self) -> tuple[str, ...]:
        """Roles for which a source is stated that has named nobody."""
        return self._reader.silent

    def take_corrections(self) -> dict[str, Actor]:
        """Actors of sessions that turned out to be named otherwise, by session id."""
        return self._actors.take_corrections()
