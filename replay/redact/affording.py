"""What is redacted of an exchange that would cost too much: the costliest bodies are left out, the rest stays.

Rule: as `budget`: counted, never timed. Nothing of a body that is left out is read, and no part of it stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from replay.model.body import Body
from replay.model.exchange import Exchange, Response
from replay.redact.budget import cost_of, is_too_costly
from replay.redact.kinds import Side
from replay.redact.sides import dropped

LeftOut = tuple[tuple[Side, str], ...]
"""Side and place of each body that was left out; messages of a WebSocket count one by one."""

_MESSAGE = "message[*].body"


def affordable(exchange: Exchange) -> tuple[Exchange, LeftOut] | None:
    """The exchange without the bodies that make it too costly; None when it is too costly without any body."""
    left: LeftOut = ()
    if not is_too_costly(exchange):
        return exchange, left
    for part in _costliest_first(exchange):
        exchange, gone = _without(exchange, part)
        left += gone
        if not is_too_costly(exchange):
            return exchange, left
    return None


def _costliest_first(exchange: Exchange) -> Iterator[str]:
    """The parts that have bodies; what goes over a WebSocket is one."""
    response = exchange.response
    parts: dict[str, list[Body]] = {
        "request": [exchange.request.body],
        "response": [response.body] if response is not None else [],
        "messages": [message.body for message in exchange.messages],
    }
    costs = {part: cost_of(bodies) for part, bodies in parts.items() if any(body.data for body in bodies)}
    yield from sorted(costs, key=lambda part: (-costs[part], part))


def _without(exchange: Exchange, part: str) -> tuple[Exchange, LeftOut]:
    if part == "request":
        request = exchange.request
        return replace(exchange, request=replace(request, body=dropped(request.body))), ((Side.REQUEST, "body"),)
    if part == "response" and isinstance(exchange.outcome, Response):
        outcome = exchange.outcome
        return replace(exchange, outcome=replace(outcome, body=dropped(outcome.body))), ((Side.RESPONSE, "body"),)
    gone = tuple((Side.REQUEST if one.from_client else Side.RESPONSE, _MESSAGE) for one in exchange.messages)
    messages = tuple(replace(one, body=dropped(one.body)) for one in exchange.messages)
    return replace(exchange, messages=messages), gone
