"""An exchange has two sides of one build, headers and a body; most redactors do the same to both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from replay.model.body import Body
from replay.model.exchange import Exchange, Response
from replay.model.headers import Headers
from replay.redact.contract import Side

Field = tuple[str, str]


def with_headers(exchange: Exchange, change: Callable[[Side, Headers], Headers]) -> Exchange:
    """The exchange with both header sections changed."""
    request = exchange.request
    fresh = change(Side.REQUEST, request.headers)
    if fresh is not request.headers:
        exchange = replace(exchange, request=replace(request, headers=fresh))
    response = exchange.outcome
    if isinstance(response, Response):
        fresh = change(Side.RESPONSE, response.headers)
        if fresh is not response.headers:
            exchange = replace(exchange, outcome=replace(response, headers=fresh))
    return exchange


def with_fields(exchange: Exchange, change: Callable[[Side, str, str, str], str | None]) -> Exchange:
    """As `with_headers`, field by field: `change(side, name, lower-case name, value)`; None drops the field."""

    def each(side: Side, headers: Headers) -> Headers:
        out: list[Field] = []
        for name, value in headers.fields:
            fresh = change(side, name, name.lower(), value)
            if fresh is not None:
                out.append((name, fresh))
        return Headers(tuple(out)) if tuple(out) != headers.fields else headers

    return with_headers(exchange, each)


def with_bodies(exchange: Exchange, change: Callable[[Side, Body], Body]) -> Exchange:
    """The exchange with both bodies changed."""
    fresh = change(Side.REQUEST, exchange.request.body)
    if fresh is not exchange.request.body:
        exchange = replace(exchange, request=replace(exchange.request, body=fresh))
    response = exchange.outcome
    if isinstance(response, Response):
        fresh = change(Side.RESPONSE, response.body)
        if fresh is not response.body:
            exchange = replace(exchange, outcome=replace(response, body=fresh))
    return exchange


def dropped(body: Body) -> Body:
    """No data; type and true length stay."""
    return Body(b"", body.content_type, True, body.length_bytes)


def header_place(name: str) -> str:
    """As `model.tree.pattern` writes ("header", name, n)."""
    return f"header.{name}[*]"
