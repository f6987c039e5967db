"""An exchange has two sides of one build, headers and a body; most redactors do the same to both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from replay.model.body import EMPTY, Body
from replay.model.exchange import Exchange, Outcome, Request, Response
from replay.model.headers import MOMENTS, Headers
from replay.redact.contract import Notes, Side
from replay.redact.guide import Guide
from replay.redact.memory import Generations
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.rules import Decision

_MOST_REMEMBERED = 4096  # characters of a field's value
_LONGEST_NAME = 64  # characters of a field's name that is remembered

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

    guide, names, memo = notes.guide, pseudonym.memo.names(redactor), pseudonym.memo
    fields, moments = memo.fields, memo.moments

    def each(side: Side, headers: Headers) -> Headers:
        keys: list[Any] = [names.young.get(name) for name, _ in headers.fields]
        if None in keys:
            keys = [_key(names, name, wants) for name, _ in headers.fields]
        if keys.count(False) == len(keys):
            return headers
        out: list[Field] = []
        is_same = True
        for field, key in zip(headers.fields, keys, strict=True):
            if key is False:
                out.append(field)
                continue
            name, value = field
            case = (redactor, side, key, value, guide)
            known = fields.young.get(case) or moments.young.get(case) or fields.find(case)
            known = known or made_field(pseudonym, case, change)
            notes.add(known[1])
            done = known[0]
            if done == value:
                out.append(field)
                continue
            is_same = False
            if done is not None:
                out.append((name, done))
        return headers if is_same else Headers(tuple(out))

    return with_headers(exchange, each)


def _key(names: Generations, name: str, wants: Callable[[str], bool]) -> str | bool:
    """`name` in lower case; False when this redactor does not speak for it."""
    lower = name.lower()
    key = lower if wants(lower) else False
    if len(name) <= _LONGEST_NAME:
        names.keep(name, key)
    return key


def _decided(desk: Rewriter, decision: Decision, key: str, value: str) -> str | None:
    """A field as a rule wants it."""
    fresh = desk.decided(decision, key, value.strip(), header_place(key))
    if fresh is None:
        return None
    desk.notes.words.add(key)
    return str(fresh)


Case = tuple[str, Side, str, str, Guide]
"""Redactor, side, name in lower case, value, guide."""


def made_field(
    pseudonym: Pseudonym, case: Case, change: Callable[[Rewriter, str, str], str | None]
) -> tuple[str | None, Notes]:
    """The new value of a field, None when it is dropped, and what was noted; remembered."""
    _, side, key, value, guide = case
    own, sheet = Notes(guide), guide.sheet(side)
    desk = Rewriter(pseudonym, own, side)
    may_rule = sheet is not None and key != "content-type" and guide.lexicon.knows_name(key)  # bodies need their type
    decision = sheet.field("header", key) if sheet is not None and may_rule else None
    made = (change(desk, key, value) if decision is None else _decided(desk, decision, key, value)), own
    if made[0] is not None:
        own.words.add(key)  # a name that stays is no survivor when it stands as a value as well
    if len(value) <= _MOST_REMEMBERED:
        (pseudonym.memo.moments if key in MOMENTS else pseudonym.memo.fields).keep(case, made)
    return made


def with_bodies(exchange: Exchange, change: Callable[[Side, Body], Body]) -> Exchange:
    """The exchange with both bodies changed; where there is none at all, there is nothing to change."""
    request, outcome = exchange.request, exchange.outcome
    sent = request.body if is_nothing(request.body) else change(Side.REQUEST, request.body)
    if sent is not request.body:
        request = Request(request.method, request.target, request.headers, sent, request.scheme, request.host)
    if isinstance(outcome, Response):
        got = outcome.body if is_nothing(outcome.body) else change(Side.RESPONSE, outcome.body)
        if got is not outcome.body:
            outcome = Response(outcome.status, outcome.headers, got, outcome.trailers)
    return _of(exchange, request, outcome)


def is_nothing(body: Body) -> bool:
    """No bytes, no type, no length: there is nothing to redact or to tell."""
    return body is EMPTY or not (body.data or body.content_type or body.truncated or body.size_bytes > 0)


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
