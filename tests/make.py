"""Builders of captures for tests: `exchange(...)` and `session(...)`. Nothing here has a clock or state.

    create = exchange("c1", "POST", "/courses", 201, json={"title": "Intro"}, answer={"id": 17})
    read = exchange("c2", "GET", "/courses/17", answer={"id": 17}, headers={"Authorization": "Bearer t-1"})
    manager = session("m", create, read, tenant="acme", principal="p1", start=10)

`json` and `form` make request bodies, `answer` the response's JSON. An exchange without `at` is placed by its session:
`start` + position x `gap` seconds. `fault=FaultKind.RESET` replaces the response.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from replay.model.body import EMPTY, Body
from replay.model.codec import dump_json
from replay.model.exchange import Exchange, Fault, FaultKind, Outcome, Request, Response
from replay.model.headers import Headers
from replay.model.session import Actor, Session

Fields = Mapping[str, str] | Iterable[tuple[str, str]]
_NOTHING = object()  # `json=None` is the document `null`
UNPLACED = -1.0  # `started` of an exchange whose session has not given it a time


def request(
    method: str,
    target: str,
    *,
    json: Any = _NOTHING,
    form: Mapping[str, str] | list[tuple[str, str]] | None = None,
    headers: Fields = (),
    body: Body | None = None,
) -> Request:
    """A request; `body` overrides `json` and `form`. A body's type is also a Content-Type header."""
    made = body or _json_body(json)
    if form is not None:
        made = Body(urlencode(form).encode(), "application/x-www-form-urlencoded")
    return Request(method, target, _headers(headers, made), made, "http", "shop.test")


def response(status: int = 200, *, answer: Any = _NOTHING, headers: Fields = (), body: Body | None = None) -> Response:
    """A response; `body` overrides the JSON document `answer`. Repeat a header by passing pairs."""
    made = body or _json_body(answer)
    return Response(status, _headers(headers, made), made)


def exchange(
    id: str,  # noqa: A002 - as the model has it
    method: str,
    target: str,
    status: int = 200,
    *,
    json: Any = _NOTHING,
    form: Mapping[str, str] | list[tuple[str, str]] | None = None,
    headers: Fields = (),
    body: Body | None = None,
    answer: Any = _NOTHING,
    answer_headers: Fields = (),
    answer_body: Body | None = None,
    fault: FaultKind | None = None,
    at: float = UNPLACED,
    took: float = 0.05,
) -> Exchange:
    """One exchange; see the module's example."""
    outcome: Outcome = (
        Fault(fault) if fault else response(status, answer=answer, headers=answer_headers, body=answer_body)
    )
    sent = request(method, target, json=json, form=form, headers=headers, body=body)
    return Exchange(id, sent, outcome, at, at + took)


def session(
    id: str,  # noqa: A002 - as the model has it
    *exchanges: Exchange,
    tenant: str = "",
    principal: str = "",
    start: float = 1.0,
    gap: float = 1.0,
) -> Session:
    """A session; its actor is None when neither tenant nor principal is named."""
    placed = tuple(_placed(item, start + i * gap) for i, item in enumerate(exchanges))
    return Session(id, Actor(tenant, principal) if tenant or principal else None, placed)


def bearer(token: str) -> dict[str, str]:
    """Headers with a bearer token."""
    return {"Authorization": f"Bearer {token}"}


def _placed(item: Exchange, at: float) -> Exchange:
    if item.started != UNPLACED:
        return item
    return replace(item, started=at, ended=at + item.ended - item.started)


def _json_body(document: Any) -> Body:
    return EMPTY if document is _NOTHING else Body(dump_json(document), "application/json")


def _headers(fields: Fields, body: Body) -> Headers:
    pairs = list(fields.items() if isinstance(fields, Mapping) else fields)
    if body.content_type and not any(name.lower() == "content-type" for name, _ in pairs):
        pairs.append(("Content-Type", body.content_type))
    return Headers.of(pairs)
