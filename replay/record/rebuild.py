"""A snapshot as an exchange of the model: text instead of bytes, bodies without content coding."""

from __future__ import annotations

import re

from replay.model.body import EMPTY, Body
from replay.model.codec import UndecodableError, parse_json
from replay.model.exchange import Exchange, Outcome, Request, Response, SocketMessage
from replay.model.headers import Headers
from replay.record.decode import BodyRefusedError, decoded
from replay.record.faults import fault_of
from replay.record.snapshot import RawHeaders, RawMessage, Snapshot

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")  # line folds (RFC 9112 section 5.2) and worse; no field needs them
_TEXT = 1  # opcode of RFC 6455 section 5.2
_JSON_STARTS = (b"{", b"[", b'"')  # a bare number or word is as likely text


def exchange_of(snapshot: Snapshot, name: str) -> tuple[Exchange, tuple[str, ...]]:
    """The exchange called `name`, and why bodies were left out (such a body is empty and marked as truncated)."""
    reasons: list[str] = []
    headers = _headers(snapshot.request_headers)
    body = _body(snapshot.request_body, snapshot.request_bytes, headers, "request", reasons)
    request = Request(
        method=snapshot.method.decode("latin-1"),
        target=snapshot.target.decode("latin-1"),
        headers=headers if body.data and not body.truncated else headers.without("content-encoding"),
        body=body,
        scheme=snapshot.scheme,
        host=snapshot.host.decode("latin-1") or headers.get("host"),
    )
    outcome = _outcome(snapshot, request, reasons)
    messages = tuple(map(_message, snapshot.messages))
    exchange = Exchange(name, request, outcome, snapshot.started, snapshot.ended, snapshot.connection, messages)
    return exchange, tuple(reasons)


def _outcome(snapshot: Snapshot, request: Request, reasons: list[str]) -> Outcome:
    if not snapshot.status:
        return fault_of(snapshot.error)
    headers = _headers(snapshot.response_headers)
    trailers = _headers(snapshot.response_trailers)
    if request.method == "HEAD":  # its headers describe a body that was never sent
        return Response(snapshot.status, headers.without("content-encoding"), EMPTY, trailers)
    body = _body(snapshot.response_body, snapshot.response_bytes, headers, "response", reasons)
    return Response(snapshot.status, headers.without("content-encoding"), body, trailers)


def _body(data: bytes, size_bytes: int, headers: Headers, side: str, reasons: list[str]) -> Body:
    if not size_bytes:
        return EMPTY
    content_type = headers.get("content-type")
    codings = ", ".join(headers.get_all("content-encoding"))
    is_cut = len(data) < size_bytes or size_bytes < 0
    if is_cut and (codings or size_bytes < 0):
        reasons.append(f"{side}: cut while still encoded" if codings else f"{side}: not seen")
        return Body(b"", content_type, True, max(size_bytes, 0))
    if is_cut:
        return Body(data, content_type, True, size_bytes)
    try:
        return Body(decoded(data, codings), content_type)
    except BodyRefusedError as error:
        reasons.append(f"{side}: {error}")
        return Body(b"", content_type, True, size_bytes)


def _message(message: RawMessage) -> SocketMessage:
    """Frames carry no media type: text that is JSON is taken for that, other text for text/plain."""
    from_client, opcode, at, data, size_bytes = message
    is_cut = len(data) < size_bytes
    if opcode != _TEXT:
        content_type = "application/octet-stream"
    elif data.lstrip()[:1] in _JSON_STARTS and (is_cut or _is_json(data)):  # a cut document is still one's beginning
        content_type = "application/json"
    else:
        content_type = "text/plain"
    return SocketMessage(from_client, at, Body(data, content_type, is_cut, size_bytes if is_cut else -1))


def _is_json(data: bytes) -> bool:
    try:
        parse_json(data)
    except UndecodableError:
        return False
    return True


def _headers(fields: RawHeaders) -> Headers:
    if not fields:
        return _NO_HEADERS
    return Headers(
        tuple((name.decode("latin-1"), _CONTROLS.sub(" ", value.decode("latin-1"))) for name, value in fields)
    )


_NO_HEADERS = Headers()
