"""What is in a capture, from the counts that its writer keeps: for `replay inspect` and lists, fast at any size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from replay.model.session import Actor
from replay.store import cells
from replay.store.capture_file import CaptureFile

_STATUS_OR_FAULT = 64  # characters


@dataclass(frozen=True, slots=True)
class EndpointCount:
    endpoint: str
    exchanges: int
    statuses: tuple[tuple[str, int], ...]  # "200", or a fault's kind, with its count
    seconds: float = 0.0  # sum of durations
    longest: float = 0.0  # seconds


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


@dataclass(frozen=True, slots=True)
class CaptureSize:
    """What a capture weighs, as its writer counted."""

    file_bytes: int  # all files
    messages: int  # of WebSockets
    bodies: int  # different ones
    body_bytes: int  # of those, unpacked
    packed_body_bytes: int
    header_bytes: int  # of all exchanges, unpacked
    packed_header_bytes: int


@dataclass(slots=True)
class _Sum:
    exchanges: int = 0
    seconds: float = 0.0
    longest: float = 0.0


def read_contents(parts: Sequence[CaptureFile]) -> CaptureContents:
    """Raises FileFormatError for counts that no recorder writes."""
    outcomes: Counter[tuple[str, str]] = Counter()
    sums: dict[str, _Sum] = {}
    spans: list[tuple[float, float]] = []
    coverage: Counter[tuple[str, str]] = Counter()
    for part in parts:
        with part.reading():
            _tally(part, outcomes, sums, spans)
            for name, action, count in part.connection.execute(
                "SELECT value_class, action, sum(count) FROM redaction GROUP BY 1, 2"
            ):
                coverage[cells.text(name), cells.text(action)] += cells.whole(count)
    statuses: Counter[str] = Counter()
    for (_, outcome), count in outcomes.items():
        statuses[outcome] += count
    actors = _actors_of_one(parts[0]) if len(parts) == 1 else _actors_of_many(parts)
    return CaptureContents(
        sessions=sum(one.sessions for one in actors),
        exchanges=sum(one.exchanges for one in sums.values()),
        first=min((first for first, _ in spans), default=0.0),
        last=max((last for _, last in spans), default=0.0),
        endpoints=_endpoints(outcomes, sums),
        actors=actors,
        statuses=tuple(sorted(statuses.items())),
        coverage=tuple((name, action, count) for (name, action), count in sorted(coverage.items())),
    )


def read_size(parts: Sequence[CaptureFile]) -> CaptureSize:
    """Raises FileFormatError for sizes that no recorder writes."""
    found: Counter[tuple[str, int]] = Counter()
    for part in parts:
        with part.reading():
            for what, *row in part.connection.execute("SELECT what, count, bytes, packed FROM volume"):
                for i, one in enumerate(row):
                    found[cells.text(what), i] += cells.whole(one)
    return CaptureSize(
        file_bytes=sum(part.size_bytes() for part in parts),
        messages=found["message", 0],
        bodies=found["body", 0],
        body_bytes=found["body", 1],
        packed_body_bytes=found["body", 2],
        header_bytes=found["headers", 1],
        packed_header_bytes=found["headers", 2],
    )


def _tally(
    part: CaptureFile,
    outcomes: Counter[tuple[str, str]],
    sums: dict[str, _Sum],
    spans: list[tuple[float, float]],
) -> None:
    for name, outcome, exchanges, first, last, seconds, longest in part.connection.execute(
        "SELECT p.name, outcome, exchanges, first, last, seconds, longest"
        " FROM tally LEFT JOIN endpoint p ON p.id = endpoint_id"
    ):
        endpoint, count = cells.text(name), cells.whole(exchanges, 1)
        outcomes[endpoint, cells.text(outcome, _STATUS_OR_FAULT)] += count
        total = sums.setdefault(endpoint, _Sum())
        total.exchanges += count
        total.seconds += cells.seconds(seconds)
        total.longest = max(total.longest, cells.seconds(longest))
        spans.append((cells.seconds(first), cells.seconds(last)))


def _endpoints(outcomes: Counter[tuple[str, str]], sums: dict[str, _Sum]) -> tuple[EndpointCount, ...]:
    statuses: dict[str, list[tuple[str, int]]] = {}
    for (endpoint, outcome), count in sorted(outcomes.items()):
        statuses.setdefault(endpoint, []).append((outcome, count))
    counts = [
        EndpointCount(name, one.exchanges, tuple(statuses[name]), one.seconds, one.longest)
        for name, one in sums.items()
    ]
    return tuple(sorted(counts, key=lambda one: (-one.exchanges, one.endpoint)))


def _actors_of_one(part: CaptureFile) -> tuple[ActorCount, ...]:
    """Counted by SQL: a file may hold very many sessions."""
    with part.reading():
        found = part.connection.execute(
            "SELECT a.id, a.tenant, a.principal, count(*), sum(s.exchanges) FROM session s"
            " LEFT JOIN actor a ON a.id = s.actor_id WHERE s.exchanges > 0 GROUP BY a.id"
        )
        counts = []
        for actor_id, tenant, principal, sessions, exchanges in found:
            actor = None if actor_id is None else Actor(cells.text(tenant), cells.text(principal))
            counts.append(ActorCount(actor, cells.whole(sessions), cells.whole(exchanges)))
    return _sorted(counts)


def _actors_of_many(parts: Sequence[CaptureFile]) -> tuple[ActorCount, ...]:
    """A session may span segments: it is one all the same, and its actor is the one that was known last."""
    sessions: dict[str, tuple[Actor | None, int]] = {}
    for part in parts:
        for _, (name, actor, _, exchanges) in part.places():
            known, before = sessions.get(name, (None, 0))
            sessions[name] = (actor or known, before + exchanges)
    found: dict[Actor | None, tuple[int, int]] = {}
    for actor, exchanges in sessions.values():
        if exchanges:
            known_sessions, known_exchanges = found.get(actor, (0, 0))
            found[actor] = (known_sessions + 1, known_exchanges + exchanges)
    return _sorted([ActorCount(actor, *counts) for actor, counts in found.items()])


def _sorted(counts: list[ActorCount]) -> tuple[ActorCount, ...]:
    def key(one: ActorCount) -> tuple[bool, str, str]:
        return one.actor is None, one.actor.tenant if one.actor else "", one.actor.principal if one.actor else ""

    return tuple(sorted(counts, key=key))
