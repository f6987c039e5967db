"""Between exchanges and rows of the capture, both ways, so that writer and reader cannot drift apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import orjson

from replay.model.body import EMPTY, Body
from replay.model.codec import dump_json
from replay.model.exchange import Exchange, Fault, FaultKind, Outcome, Request, Response, SocketMessage
from replay.model.headers import Headers
from replay.store import cells
from replay.store.packing import MOST_BYTES
from replay.store.storable import MOST_SIZE

Row = tuple[Any, ...]
Field = tuple[str, str]
Fields = Sequence[Field]
Shared = Callable[[Field, Field], Field]
"""`setdefault` of a dictionary of fields: most of them repeat in every exchange, and are one object then."""
HeaderBlock = tuple[Headers, Headers, Headers]  # of the request, of the response, trailers
Heading = tuple[HeaderBlock, str | None]  # with the target where the capture is encrypted

EXCHANGE_COLUMNS = (
    "number", "id", "session_id", "started", "ended", "endpoint_id", "connection", "scheme", "host", "target",
    "request_body", "request_bytes", "request_truncated", "status", "response_body", "response_bytes",
    "response_truncated", "fault", "fault_detail", "messages", "packing", "headers",
)  # fmt: skip
ANSWER_COLUMNS = (
    "number", "status", "response_body", "response_bytes", "response_truncated", "packing", "headers",
)  # fmt: skip
MESSAGE_COLUMNS = ("exchange", "position", "from_client", "at", "body", "bytes", "truncated")
_MOST_DETAIL = 1024  # characters of an exception's type name
_MOST_MESSAGES = 10_000_000
_FAULTS = frozenset(str(kind) for kind in FaultKind)


class Keeper(Protocol):
    """What an exchange's row refers to: the writer's side."""

    def body(self, body: Body) -> int | None: ...
    def term(self, text: str) -> int: ...
    def repeated(self, side: str, name: str, value: str) -> int | None: ...


class Finder(Protocol):
    """What an exchange's row refers to: the reader's side. Raises KeyError or ValueError."""

    def body(self, row_id: int) -> tuple[str, bytes]: ...
    def term(self, row_id: int) -> str: ...
    def headers(self, number: int, packing: int, packed: bytes) -> Heading: ...
    def answer_headers(self, number: int, packing: int, packed: bytes) -> tuple[Headers, Headers]: ...


def digested(body: Body) -> bytes:
    """What tells a body from others: media type, NUL and data. How the data are packed does not matter."""
    return body.content_type.encode("utf-8", "surrogatepass") + b"\x00" + body.data


def body_digest(body: Body) -> bytes:
    """BLAKE2b-128."""
    return hashlib.blake2b(digested(body), digest_size=16).digest()


def dump_headers(exchange: Exchange, keeper: Keeper, *, with_target: bool = False) -> bytes:
    """JSON of the three header blocks; a long value that was seen before is the number of its term.

    `with_target`: the fourth element is the target, which then stands nowhere else.
    """
    response = exchange.response
    blocks: list[Any] = [
        _with_terms("q", exchange.request.headers.fields, keeper),
        _with_terms("p", response.headers.fields, keeper) if response else (),
        response.trailers.fields if response else (),
    ]
    if with_target:
        blocks.append(exchange.request.target)
    return dump_json(blocks)


def load_headers(text: bytes, term: Callable[[int], str], shared: Shared, *, is_sealed: bool) -> Heading:
    """Raises ValueError, TypeError or LookupError for what was not dumped here. `shared` makes equal fields one."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = json.loads(text)  # lone surrogates; raises ValueError as well
    target = cells.text(found.pop()) if is_sealed else None
    request, response, trailers = (_headers(block, term, shared) for block in found)
    return (request, response, trailers), target


def load_answer_headers(text: bytes, term: Callable[[int], str], shared: Shared) -> tuple[Headers, Headers]:
    """Of the same blocks those of the response and its trailers alone. Raises as `load_headers` does."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = json.loads(text)
    return _headers(found[1], term, shared), _headers(found[2], term, shared)


def exchange_row(
    number: int,
    session_id: int,
    endpoint_id: int,
    exchange: Exchange,
    packed: tuple[int, bytes],
    keeper: Keeper,
    *,
    with_target: bool = True,
) -> Row:
    """In the order of EXCHANGE_COLUMNS. Without its target where that is sealed with the headers."""
    request, response, outcome = exchange.request, exchange.response, exchange.outcome
    sent, answered = request.body.cut(MOST_BYTES), response.body.cut(MOST_BYTES) if response else None
    fault = outcome if isinstance(outcome, Fault) else None
    return (
        number,
        exchange.id,
        session_id,
        exchange.started,
        exchange.ended,
        endpoint_id,
        keeper.term(exchange.connection),
        keeper.term(request.scheme),
        keeper.term(request.host),
        request.target if with_target else "",
        keeper.body(sent),
        min(sent.size_bytes, MOST_SIZE),
        int(sent.truncated),
        response.status if response else None,
        keeper.body(answered) if answered else None,
        min(answered.size_bytes, MOST_SIZE) if answered else None,
        int(answered.truncated) if answered else None,
        str(fault.kind) if fault else None,
        fault.detail[:_MOST_DETAIL] if fault else None,
        len(exchange.messages),
        *packed,
    )


def message_rows(number: int, messages: Sequence[SocketMessage], keeper: Keeper) -> list[Row]:
    """In the order of MESSAGE_COLUMNS."""
    rows = []
    for i, one in enumerate(messages):
        body = one.body.cut(MOST_BYTES)
        size_bytes = min(body.size_bytes, MOST_SIZE)
        rows.append((number, i, int(one.from_client), one.at, keeper.body(body), size_bytes, int(body.truncated)))
    return rows


def exchange_of(row: Row, method: str, messages: tuple[SocketMessage, ...], finder: Finder) -> Exchange:
    """The exchange back, from a row of EXCHANGE_COLUMNS. Raises ValueError, TypeError or KeyError on a forged one."""
    (number, name, _, started, ended, _, connection, scheme, host, target, request_body, request_bytes,
     request_truncated, status, response_body, response_bytes, response_truncated, fault, detail, count,
     packing, packed,
    ) = row  # fmt: skip
    if cells.whole(count, 0, _MOST_MESSAGES) != len(messages):
        raise cells.DamagedCellError
    blocks, sealed_target = finder.headers(cells.whole(number), cells.whole(packing, -1), cells.data(packed))
    sent, answered, trailers = blocks
    request = Request(
        method=method,
        target=cells.text(target) if sealed_target is None else sealed_target,
        headers=sent,
        body=_body(request_body, request_bytes, request_truncated, finder),
        scheme=finder.term(scheme),
        host=finder.term(host),
    )
    outcome: Outcome
    if status is None:
        outcome = Fault(FaultKind(cells.one_of(fault, _FAULTS)), cells.text(detail, _MOST_DETAIL))
    else:
        body = _body(response_body, response_bytes, response_truncated, finder)
        outcome = Response(cells.whole(status, 0, 999), answered, body, trailers)
    return Exchange(
        id=cells.text(name),
        request=request,
        outcome=outcome,
        started=cells.seconds(started),
        ended=cells.seconds(ended),
        connection=finder.term(connection),
        messages=messages,
    )


def response_of(row: Row, finder: Finder) -> Response:
    """The response alone, from a row of ANSWER_COLUMNS. Raises as `exchange_of` does."""
    number, status, row_id, size_bytes, truncated, packing, packed = row
    answered, trailers = finder.answer_headers(cells.whole(number), cells.whole(packing, -1), cells.data(packed))
    return Response(cells.whole(status, 0, 999), answered, _body(row_id, size_bytes, truncated, finder), trailers)


def message_of(row: Row, position: int, finder: Finder) -> SocketMessage:
    """From a row of MESSAGE_COLUMNS that must stand at `position`."""
    _, found, from_client, at, body, size_bytes, truncated = row
    if found != position:
        raise cells.DamagedCellError
    return SocketMessage(cells.flag(from_client), cells.seconds(at), _body(body, size_bytes, truncated, finder))


def _body(row_id: Any, size_bytes: Any, truncated: Any, finder: Finder) -> Body:
    content_type, data = finder.body(row_id) if row_id is not None else ("", b"")
    is_cut, size = cells.flag(truncated), cells.whole(size_bytes, -1, MOST_SIZE)
    return Body(data, content_type, is_cut, size) if data or content_type or is_cut or size >= 0 else EMPTY


def _with_terms(side: str, fields: Fields, keeper: Keeper) -> list[tuple[str, str | int]]:
    return [(name, _value(side, name, value, keeper)) for name, value in fields]


def _value(side: str, name: str, value: str, keeper: Keeper) -> str | int:
    known = keeper.repeated(side, name, value) if len(value) >= LONG_VALUE else None
    return value if known is None else known


LONG_VALUE = 40  # characters; shorter values and dates cost less packed than a term


def _headers(found: Any, term: Callable[[int], str], shared: Shared) -> Headers:
    if not found:
        return _NO_HEADERS
    fields = []
    for name, value in found:
        if value.__class__ is int:
            value = term(value)
        if name.__class__ is not str or value.__class__ is not str:
            raise cells.DamagedCellError
        pair = (name, value)
        fields.append(shared(pair, pair))
    return Headers(tuple(fields))


_NO_HEADERS = Headers()
