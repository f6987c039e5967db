"""Builders of traces for the diff room's tests: `trace(played("e1", {"id": 1}), ...)`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from replay.model.body import Body
from replay.model.codec import dump_json
from replay.model.evidence import Attempt, Part, Role, Trace
from replay.model.exchange import Fault, FaultKind, Outcome, Request, Response
from replay.model.headers import Headers

JSON = "application/json"
ENDPOINT = "GET /things/{id}"


def answered(document: Any, status: int = 200, headers: Iterable[tuple[str, str]] = (), media: str = JSON) -> Response:
    """A response; `document` may be bytes, which are then sent as they are."""
    data = document if isinstance(document, bytes) else dump_json(document)
    return Response(status, Headers.of(headers), Body(data, media))


def played(
    exchange_id: str,
    document: Any = None,
    *,
    status: int = 200,
    endpoint: str = ENDPOINT,
    headers: Iterable[tuple[str, str]] = (),
    outcome: Outcome | None = None,
    part: Part = Part.JUDGED,
    copy: int = 0,
) -> Attempt:
    method, _, target = endpoint.partition(" ")
    made = outcome or answered(document, status, headers)
    return Attempt(exchange_id, "s", endpoint, None, None, part, Request(method, target), made, copy=copy)


def broken(exchange_id: str, kind: FaultKind = FaultKind.RESET) -> Attempt:
    return played(exchange_id, outcome=Fault(kind))


def trace(*attempts: Attempt, world: int = 0, renamed: Iterable[tuple[str, str]] = ()) -> Trace:
    """World 0 is the recording."""
    return Trace(Role.CLEAN if world else Role.RECORDED, world, attempts, renamed=tuple(renamed))


def answers(*documents: Any, world: int = 0, renamed: Iterable[tuple[str, str]] = ()) -> Trace:
    """One exchange e0, e1, ... per document, all of one endpoint."""
    return trace(*(played(f"e{i}", document) for i, document in enumerate(documents)), world=world, renamed=renamed)


def classes(**places: str) -> Any:
    """A `redacted` that knows body fields: classes(email="email") replaced `body.email` in responses."""
    known = {f"body.{name.replace('__', '.')}": value_class for name, value_class in places.items()}
    return lambda _endpoint, side, place: known.get(place, "") if side == "response" else ""
