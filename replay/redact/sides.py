"""An exchange has two sides of one build, headers and a body; most redactors do the same to both."""

from __future__ import annotations

from collections.abc import Callable

from replay.model.body import Body
from replay.model.exchange import Exchange, Outcome, Request, Response
from replay.model.headers import Headers
from replay.redact.contract import Notes, Side
from replay.redact.guide import Guide
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter

_MOST_REMEMBERED = 4096  # characters of a field's value

Field = tuple[str, str]


def with_headers(exchange: Exchange, change: Callable[[Side, Headers], Headers]) -> Exchange:
    """The exchange with both header sections changed."""
    request, outcome = exchange.request, exchange.outcome
    sent = change(Side.REQUEST, request.headers)
    if sent is not request.headers:
        request = Request(request.method, request.target, sent, request.body, request.scheme, request.host)
    if isinstance(outcome, Response):
        got = change(Side.RESPONSE, outcome.headers)
        if got is not outcome.headers:
            outcome = Response(outcome.status, got, outcome.body, outcome.trailers)
    return _of(exchange, request, outcome)


def with_fields(
    exchange: Exchange,
    pseudonym: Pseudonym,
    notes: Notes,
    redactor: str,
    wants: Callable[[str], bool],
    change: Callable[[Rewriter, str, str], str | None],
) -> Exchange:
    """As `with_headers`, field by field: `change(desk, lower-case name, value)`; None drops the field.

    What became of a field is remembered under the redactor's name: most fields come again and again.
    """

    def each(side: Side, headers: Headers) -> Headers:
        out: list[Field] = []
        for field in headers.fields:
            key = field[0].lower()
            if not wants(key):
                out.append(field)
                continue
            done = _field(pseudonym, notes, (redactor, side, key, field[1], notes.guide), change)
            if done is not None:
                out.append(field if done == field[1] else (field[0], done))
        fresh = tuple(out)
        return Headers(fresh) if fresh != headers.fields else headers

    return with_headers(exchange, each)


Case = tuple[str, Side, str, str, Guide]


def _field(
    pseudonym: Pseudonym, notes: Notes, case: Case, change: Callable[[Rewriter, str, str], str | None]
) -> str | None:
    known: tuple[str | None, Notes] | None = pseudonym.memo.fields.find(case)
    if known is None:
        _, side, key, value, guide = case
        own = Notes(guide)
        known = change(Rewriter(pseudonym, own, side), key, value), own
        if len(value) <= _MOST_REMEMBERED:
            pseudonym.memo.fields.keep(case, known)
    notes.add(known[1])
    return known[0]


def with_bodies(exchange: Exchange, change: Callable[[Side, Body], Body]) -> Exchange:
    """The exchange with both bodies changed."""
    request, outcome = exchange.request, exchange.outcome
    sent = change(Side.REQUEST, request.body)
    if sent is not request.body:
        request = Request(request.method, request.target, request.headers, sent, request.scheme, request.host)
    if isinstance(outcome, Response):
        got = change(Side.RESPONSE, outcome.body)
        if got is not outcome.body:
            outcome = Response(outcome.status, outcome.headers, got, outcome.trailers)
    return _of(exchange, request, outcome)


def _of(exchange: Exchange, request: Request, outcome: Outcome) -> Exchange:
    """The exchange with another request and outcome; `dataclasses.replace` costs three times as much."""
    if request is exchange.request and outcome is exchange.outcome:
        return exchange
    one = exchange
    return Exchange(one.id, request, outcome, one.started, one.ended, one.connection, one.messages)


def dropped(body: Body) -> Body:
    """No data; type and true length stay."""
    return Body(b"", body.content_type, True, body.length_bytes)


def header_place(name: str) -> str:
    """As `model.tree.pattern` writes ("header", name, n)."""
    return f"header.{name}[*]"
