"""Fields that only the service may set: what answers show of a thing, speaks of power or ownership, and nobody sends.

Rule: names only; the mutation writes a text that means nothing, so that whoever stores it has checked nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from replay.model.codec import UndecodableError
from replay.model.endpoint import template
from replay.model.exchange import Exchange
from replay.model.message import body_tree, request_leaves
from replay.model.session import Session
from replay.model.tree import Tree, leaves
from replay.mutate.sites import last_key, words_of

_POWER = frozenset(
    {"admin", "org", "organisation", "organization", "owner", "permission", "permissions", "role", "roles", "superuser"}
    | {"tenant", "verified", "workspace"}
)
_MOST = 4  # fields in one request


def privileged_fields(session: Session, exchange: Exchange) -> tuple[str, ...]:
    """Text fields of the thing that the exchange writes, in the order in which answers show them."""
    sent = {last_key(place) for other in session.exchanges for place, _ in request_leaves(other.request)}
    found: dict[str, None] = {}
    for answer in _answers_about(session, exchange):
        for place, value in leaves(answer):
            name = last_key(place)
            is_text = isinstance(value, str) and bool(value)
            if is_text and isinstance(place[-1], str) and name not in sent and _POWER.intersection(words_of(name)):
                found[name] = None
    return tuple(found)[:_MOST]


def _answers_about(session: Session, exchange: Exchange) -> Iterator[Tree]:
    """Accepted answers of the exchange's own path and, for a collection, of the things in it."""
    path = template(exchange.request.path).rstrip("/")
    about = {path, f"{path}/{{id}}"}
    for other in session.exchanges:
        if 200 <= other.status < 300 and template(other.request.path).rstrip("/") in about and other.response:
            try:
                yield body_tree(other.response.body)
            except UndecodableError:
                continue
