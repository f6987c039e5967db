"""Between exchanges and rows of the capture, both ways, so that writer and reader cannot drift apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from replay.model.body import EMPTY, Body
from replay.model.endpoint import endpoint_of
from replay.model.exchange import Exchange, Fault, FaultKind, Outcome, Request, Response
from replay.model.headers import Headers

Row = dict[str, Any]
BodyRow = tuple[str, str, bytes]


def body_row(body: Body) -> BodyRow | None:
    """(digest, content type, data), or None when there is neither data nor a type."""
    if not body.data and not body.content_type:
        return None
    kind = body.content_type.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(kind + b"\x00" + body.data, digest_size=16).hexdigest(), body.content_type, body.data


def exchange_row(number: int, session_id: str, exchange: Exchange) -> Row:
    request, response, outcome = exchange.request, exchange.response, exchange.outcome
    fault = outcome if isinstance(outcome, Fault) else None
    return {
        "number": number,
        "id": exchange.id,
        "session_id": session_id,
        "started": exchange.started,
        "ended": exchange.ended,
        "connection": exchange.connection,
        "method": request.method,
        "scheme": request.scheme,
        "host": request.host,
        "target": request.target,
        "endpoint": endpoint_of(request.method, request.target),
        "request_headers": _dump_headers(request.headers),
        "request_body": _digest(request.body),
        "request_bytes": request.body.size_bytes,
        "request_truncated": int(request.body.truncated),
        "status": response.status if response else None,
        "response_headers": _dump_headers(response.headers) if response else None,
        "response_body": _digest(response.body) if response else None,
        "response_bytes": response.body.size_bytes if response else None,
        "response_truncated": int(response.body.truncated) if response else None,
        "fault": str(fault.kind) if fault else None,
        "fault_detail": fault.detail if fault else None,
    }


def exchange_of(row: Row, bodies: Mapping[str, tuple[str, bytes]]) -> Exchange:
    """The exchange back. Raises ValueError, TypeError or KeyError on a row that `exchange_row` would never make."""
    request = Request(
        method=row["method"],
        target=row["target"],
        headers=_load_headers(row["request_headers"]),
        body=_body(row["request_body"], row["request_bytes"], row["request_truncated"], bodies),
        scheme=row["scheme"],
        host=row["host"],
    )
    outcome: Outcome
    if row["status"] is None:
        outcome = Fault(FaultKind(row["fault"]), row["fault_detail"] or "")
    else:
        body = _body(row["response_body"], row["response_bytes"], row["response_truncated"], bodies)
        outcome = Response(int(row["status"]), _load_headers(row["response_headers"]), body)
    return Exchange(row["id"], request, outcome, float(row["started"]), float(row["ended"]), row["connection"])


def _digest(body: Body) -> str | None:
    row = body_row(body)
    return row[0] if row else None


def _body(digest: str | None, size_bytes: int, truncated: int, bodies: Mapping[str, tuple[str, bytes]]) -> Body:
    content_type, data = bodies[digest] if digest is not None else ("", b"")
    body = Body(data, content_type, bool(truncated), int(size_bytes))
    return EMPTY if body == EMPTY else body


def _dump_headers(headers: Headers) -> str:
    return json.dumps(headers.fields, separators=(",", ":"))


def _load_headers(text: str) -> Headers:
    fields = []
    for name, value in json.loads(text):
        if not (isinstance(name, str) and isinstance(value, str)):
            raise TypeError("a header field is not text")
        fields.append((name, value))
    return Headers(tuple(fields))
