"""A WebSocket's messages as two JSON bodies, so that whatever reads, binds and compares bodies reads them, too.

    request    {"messages": [{"after": 1, "json": {"subscribe": 17}}, {"after": 1, "text": "ping"}]}
    response   {"messages": [{"json": {"hello": true}}, {"json": {"order": 17}}, {"base64": "AAEC"}]}

`after`: so many of the server's messages had come before the client said this. Text that is a JSON object or array
stands as one, so that a value inside has a place of its own; other text as text, binary messages in base64.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from replay.model.body import Body
from replay.model.codec import UndecodableError, dump_json, parse_json
from replay.model.exchange import Exchange, Response, SocketMessage

MEDIA_TYPE = "application/vnd.replay.conversation+json"


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """What the client says when `after` messages of the server are there. `is_text` decides the kind of its frame."""

    after: int
    is_text: bool
    data: bytes


def can_be_said(exchange: Exchange) -> bool:
    """A WebSocket that was opened, and of which every message is there in full."""
    return exchange.status == 101 and bool(exchange.messages) and not any(m.body.truncated for m in exchange.messages)


def as_bodies(exchange: Exchange) -> Exchange:
    """The same exchange with its messages in the bodies of request and response."""
    if not isinstance(exchange.outcome, Response):
        return exchange
    said: list[dict[str, Any]] = []
    heard = 0
    for message in exchange.messages:
        if message.from_client:
            said.append({"after": heard} | _told(_is_text(message), message.body.data))
        heard += not message.from_client
    request = replace(exchange.request, body=_body(said))
    answered = heard_body((_is_text(one), one.body.data) for one in exchange.messages if not one.from_client)
    return replace(exchange, request=request, outcome=replace(exchange.outcome, body=answered))


def heard_body(messages: Iterable[tuple[bool, bytes]]) -> Body:
    """What the server said: whether it was text, and its bytes."""
    return _body([_told(is_text, data) for is_text, data in messages])


def lines_of(body: Body) -> tuple[Line, ...]:
    """What to say. Raises ValueError for a body that is none of these: a mutation may have made one of it."""
    try:
        said: Any = parse_json(body.data)
        return tuple(_line(one) for one in said["messages"])
    except (UndecodableError, KeyError, TypeError, AttributeError, binascii.Error):
        raise ValueError("no conversation") from None


def _line(one: dict[str, Any]) -> Line:
    after = int(one["after"])
    if "base64" in one:
        return Line(after, False, base64.b64decode(one["base64"], validate=True))
    return Line(after, True, dump_json(one["json"]) if "json" in one else str(one["text"]).encode())


def _told(is_text: bool, data: bytes) -> dict[str, Any]:
    if not is_text:
        return {"base64": base64.b64encode(data).decode()}
    if data[:1] in {b"{", b"["}:
        try:
            return {"json": parse_json(data)}
        except UndecodableError:
            pass  # it only began like a document
    return {"text": data.decode("utf-8", "replace")}


def _is_text(message: SocketMessage) -> bool:
    return message.body.media_type != "application/octet-stream"


def _body(messages: list[dict[str, Any]]) -> Body:
    tree: Any = {"messages": messages}
    return Body(dump_json(tree), MEDIA_TYPE)
