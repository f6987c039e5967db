"""Which sessions of several captures are one: a session whose requests went through more than one sidecar.

With one redaction key a token has the same stand-in everywhere. Two sessions of different captures are parts of one
when they share a token, nothing says that they are different people, and the gap between them is no longer than the
one that ends a session. Two sessions of the *same* capture are never united: its recorder told them apart.

Rule: pure; it sees names, times and tokens (stand-ins), never an exchange.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from replay.model.session import Actor
from replay.record.grouping import GAP_SECONDS

Part = tuple[int, str]
"""The number of a capture, and the name of a session in it."""


@dataclass(slots=True)
class SeenSession:
    """What uniting needs to know of one session. Times: seconds, UTC."""

    part: Part
    actor: Actor | None
    first: float
    last: float
    tokens: set[str] = field(default_factory=set)


def unite(sessions: Iterable[SeenSession], gap_seconds: float = GAP_SECONDS) -> dict[Part, tuple[str, Actor | None]]:
    """Every part's new session name (`s1`, `s2`, … by their beginning) and the actor of the whole."""
    ordered = sorted(sessions, key=lambda one: (one.first, one.part))
    groups: list[list[SeenSession]] = []
    by_token: dict[str, list[int]] = {}
    for session in ordered:
        number = _group_of(session, groups, by_token, gap_seconds)
        if number is None:
            number = len(groups)
            groups.append([])
        groups[number].append(session)
        for token in session.tokens:
            known = by_token.setdefault(token, [])
            if number not in known:
                known.append(number)
    return {session.part: (f"s{number}", _actor(group)) for number, group in enumerate(groups, 1) for session in group}


def _group_of(
    session: SeenSession, groups: list[list[SeenSession]], by_token: dict[str, list[int]], gap_seconds: float
) -> int | None:
    """The latest group that it belongs to."""
    for number in sorted({n for token in session.tokens for n in by_token.get(token, ())}, reverse=True):
        group = groups[number]
        is_near = session.first - max(one.last for one in group) <= gap_seconds
        is_elsewhere = all(one.part[0] != session.part[0] for one in group)
        if is_near and is_elsewhere and all(_may_be_one(one.actor, session.actor) for one in group):
            return number
    return None


def _may_be_one(one: Actor | None, other: Actor | None) -> bool:
    if one is None or other is None:
        return True
    return all(not a or not b or a == b for a, b in ((one.tenant, other.tenant), (one.principal, other.principal)))


def _actor(group: list[SeenSession]) -> Actor | None:
    """The one that says most."""
    known = [one.actor for one in group if one.actor]
    return max(known, key=lambda actor: (bool(actor.tenant), bool(actor.principal)), default=None)
