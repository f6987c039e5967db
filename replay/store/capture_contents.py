"""What is in a capture, counted by SQL: for `replay inspect`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from replay.model.session import Actor


@dataclass(frozen=True, slots=True)
class EndpointCount:
    endpoint: str
    exchanges: int
    statuses: tuple[tuple[str, int], ...]  # "200", or a fault's kind, with its count


@dataclass(frozen=True, slots=True)
class ActorCount:
    actor: Actor | None
    sessions: int
    exchanges: int


@dataclass(frozen=True, slots=True)
class CaptureContents:
    """Times: seconds, UTC; both 0 for an empty capture."""

    sessions: int
    exchanges: int
    first: float
    last: float
    endpoints: tuple[EndpointCount, ...]  # most frequent first
    actors: tuple[ActorCount, ...]
    statuses: tuple[tuple[str, int], ...]
    coverage: tuple[tuple[str, str, int], ...]  # value class, action, count of values


def read_contents(connection: sqlite3.Connection) -> CaptureContents:
    """Raises sqlite3.Error, TypeError or ValueError on a damaged file."""
    exchanges, first, last = connection.execute(
        "SELECT count(*), coalesce(min(started), 0), coalesce(max(ended), 0) FROM exchange"
    ).fetchone()
    return CaptureContents(
        sessions=connection.execute("SELECT count(*) FROM session").fetchone()[0],
        exchanges=exchanges,
        first=float(first),
        last=float(last),
        endpoints=_endpoints(connection),
        actors=_actors(connection),
        statuses=_pairs(
            connection.execute(
                "SELECT coalesce(CAST(status AS TEXT), fault) AS outcome, count(*) FROM exchange GROUP BY 1 ORDER BY 1"
            )
        ),
        coverage=tuple(
            (str(name), str(action), int(count))
            for name, action, count in connection.execute(
                "SELECT value_class, action, sum(count) FROM redaction GROUP BY 1, 2 ORDER BY 1, 2"
            )
        ),
    )


def _endpoints(connection: sqlite3.Connection) -> tuple[EndpointCount, ...]:
    found: dict[str, list[tuple[str, int]]] = {}
    for endpoint, outcome, count in connection.execute(
        "SELECT endpoint, coalesce(CAST(status AS TEXT), fault), count(*) FROM exchange GROUP BY 1, 2 ORDER BY 1, 2"
    ):
        found.setdefault(str(endpoint), []).append((str(outcome), int(count)))
    counts = [EndpointCount(name, sum(n for _, n in statuses), tuple(statuses)) for name, statuses in found.items()]
    return tuple(sorted(counts, key=lambda one: (-one.exchanges, one.endpoint)))


def _actors(connection: sqlite3.Connection) -> tuple[ActorCount, ...]:
    found = connection.execute(
        "SELECT tenant, principal, count(DISTINCT session.id), count(exchange.number)"
        " FROM session LEFT JOIN actor ON actor.id = actor_id LEFT JOIN exchange ON exchange.session_id = session.id"
        " GROUP BY actor.id ORDER BY actor.id IS NULL, tenant, principal"
    )
    return tuple(
        ActorCount(None if principal is None else Actor(str(tenant), str(principal)), int(sessions), int(exchanges))
        for tenant, principal, sessions, exchanges in found
    )


def _pairs(found: sqlite3.Cursor) -> tuple[tuple[str, int], ...]:
    return tuple((str(name), int(count)) for name, count in found)
