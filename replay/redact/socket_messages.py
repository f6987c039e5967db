"""WebSocket messages, both ways: JSON is walked leaf by leaf, other text is scrambled, binary is dropped.

A message of the client counts as the request's side, one of the server as the response's. Places are those of
`model.tree.pattern`: ("message", 3, "body", "items", 0, "id") is `message[*].body.items[*].id`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from replay.model.body import Body
from replay.model.codec import UndecodableError, dump_json, parse_json
from replay.model.exchange import Exchange, SocketMessage
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.media_types import reduced
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.sides import dropped
from replay.redact.text_body import is_text

_PLACE = "message[*].body"
_SEPARATOR = "\x1e"  # ends each JSON document of SignalR's hub protocol, and of RFC 7464
_DOCUMENT = re.compile(r"(\s*\d{0,6})([\[{].*)", re.DOTALL)  # digits before it: Engine.IO's packet type and ack number


@dataclass(frozen=True, slots=True)
class SocketMessages:
    """Order, direction, time and type stay. A cut message is dropped whatever its type, as cut bodies are."""

    name: str = "socket-messages"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        if not exchange.messages:
            return exchange
        desks = (Rewriter(pseudonym, notes, Side.RESPONSE), Rewriter(pseudonym, notes, Side.REQUEST))
        return replace(exchange, messages=tuple(_redacted(desks[one.from_client], one) for one in exchange.messages))


def _redacted(desk: Rewriter, message: SocketMessage) -> SocketMessage:
    body = message.body
    kind = reduced(body.content_type)
    if not body.data:
        return replace(message, body=replace(body, content_type=kind))
    fresh = None if body.truncated or not (body.is_json or is_text(body)) else _rewritten(desk, body)
    if fresh is not None:
        return replace(message, body=Body(fresh, kind))
    desk.notes.did(desk.side, _PLACE, ValueClass.BODY, Action.DROP)
    return replace(message, body=dropped(replace(body, content_type=kind)))


def _rewritten(desk: Rewriter, body: Body) -> bytes | None:
    """None when the bytes are not what their type says; text is UTF-8 always (RFC 6455 section 5.6)."""
    try:
        if body.is_json:
            return dump_json(desk.tree(parse_json(body.data), _PLACE))
        return _SEPARATOR.join(_text(desk, piece) for piece in body.data.decode().split(_SEPARATOR)).encode()
    except (UndecodableError, UnicodeError):
        return None


def _text(desk: Rewriter, text: str) -> str:
    found = _DOCUMENT.fullmatch(text)
    if found is not None:
        try:
            return found[1] + dump_json(desk.tree(parse_json(found[2].encode()), _PLACE)).decode()
        except UndecodableError:
            pass  # it only began like a document
    return desk.value("", text, _PLACE) if text else ""
