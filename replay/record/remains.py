"""What can still be told of an exchange that redaction refused: in which session it is missing.

Rule: nothing of it is stored. Less and less of it is offered to the policy until that lets it pass.
"""

from __future__ import annotations

from collections.abc import Iterator

from replay.model.exchange import Exchange, Outcome, Request, Response
from replay.model.headers import Headers
from replay.redact.policy import Policy, Refused

_CREDENTIALS = frozenset(("authorization", "cookie", "x-api-key", "api-key", "x-auth-token", "x-access-token"))


def remains_of(exchange: Exchange, policy: Policy) -> Exchange | None:
    """The refused exchange without bodies, or with its credentials only, or with its connection only; redacted."""
    for less in _less_and_less(exchange):
        try:
            return policy.redact(less).exchange
        except Refused:
            continue
    return None


def _less_and_less(exchange: Exchange) -> Iterator[Exchange]:
    request, outcome = exchange.request, exchange.outcome
    bare: Outcome = Response(outcome.status) if isinstance(outcome, Response) else outcome
    headers = Headers(tuple(field for field in request.headers.fields if field[0].lower() in _CREDENTIALS))
    for one in (
        Request(request.method, request.target, request.headers),
        Request("GET", "/", headers),
        Request("GET", "/"),
    ):
        yield Exchange(exchange.id, one, bare, exchange.started, exchange.ended, exchange.connection)
