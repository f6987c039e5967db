"""WebSocket messages, both ways: JSON is walked, STOMP is read field by field, other text scrambled, binary dropped.

A message of the client counts as the request's side, one of the server as the response's. Places are those of
`model.tree.pattern`: ("message", 3, "body", "items", 0, "id") is `message[*].body.items[*].id`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from replay.model.body import Body
from replay.model.codec import UndecodableError, dump_json, parse_json
from replay.model.exchange import Exchange, SocketMessage
from replay.redact.body_formats import Format, format_of
from replay.redact.body_rewriting import attempted
from replay.redact.contract import Action, Notes, Side, ValueClass
from replay.redact.desk import Desk, padded
from replay.redact.media_types import reduced
from replay.redact.part_formats import rewrite_of
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.sides import dropped
from replay.redact.urls import redact_url

_PLACE = "message[*].body"
_SEPARATOR = "\x1e"  # ends each JSON document of SignalR's hub protocol, and of RFC 7464
# Before a document: SockJS's frame letter; Engine.IO's packet type, Socket.IO's attachments, namespace and ack number.
_DOCUMENT = re.compile(r"(\s*(?:[ao]|\d{0,6}-?))(?:(/[^,\s\[{]{0,100})(,\d{0,6}))?([\[{].*)", re.DOTALL)


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
    kind = reduced(body.content_type, desk.notes.guide.lexicon)
    if not body.data:
        return replace(message, body=replace(body, content_type=kind))
    fresh = None if body.truncated else _rewritten(desk, body)
    if fresh is not None:
        return replace(message, body=Body(fresh, kind))
    is_binary = rewrite_of(body.content_type) is None
    reason = ValueClass.CUT if body.truncated else ValueClass.BODY if is_binary else ValueClass.UNREADABLE
    desk.notes.did(desk.side, _PLACE, reason, Action.DROP)
    return replace(message, body=dropped(replace(body, content_type=kind)))


def _rewritten(desk: Rewriter, body: Body) -> bytes | None:
    """None when the bytes are not what their type says; text is UTF-8 always (RFC 6455 section 5.6)."""
    rewrite = _of_text if format_of(body.media_type) is Format.TEXT else rewrite_of(body.content_type)
    return None if rewrite is None else attempted(desk, rewrite, body.data, body.content_type, _PLACE)


def _of_text(desk: Desk, data: bytes, _: str, place: str) -> bytes:
    return _SEPARATOR.join(_text(desk, piece, place) for piece in data.decode().split(_SEPARATOR)).encode()


def _text(desk: Desk, text: str, place: str) -> str:
    found = _DOCUMENT.fullmatch(text)
    if found is not None:
        packet, namespace, number, document = found.groups("")
        try:
            tree = parse_json(document.encode())
            event = tree[0] if packet and isinstance(tree, list) and tree and isinstance(tree[0], str) else None
            tree = desk.tree(tree, place)
            if event is not None and isinstance(tree, list) and packet != "a":  # Socket.IO's event has a name
                tree[0] = desk.name(event, place)
            fresh = dump_json(tree).decode()
        except UndecodableError:
            pass  # it only began like a document
        else:
            return packet + (redact_url(desk, namespace, place) if namespace else "") + number + fresh
    return padded(desk, "", text, place) if text else ""
