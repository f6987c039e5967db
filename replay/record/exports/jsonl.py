"""Exchanges as JSON lines, in the form that `record.sources.tap_record` describes and reads back.

Rule: pure but for the one function that writes; equal captures give equal bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from replay.model.body import Body
from replay.model.codec import dump_json
from replay.model.exchange import Exchange, Fault, Response, SocketMessage
from replay.model.headers import Headers
from replay.model.session import Actor
from replay.record.exports.new_file import new_file

BINARY_TYPE = "application/octet-stream"  # of a binary WebSocket message; every other type is a text frame's

Record = tuple[str, Actor | None, Exchange]
"""Session, actor, exchange: what the capture's reader hands out."""


def export_jsonl(records: Iterable[Record], out: Path) -> int:
    """Write one line per exchange; how many. Mode 0600, never over another file. Raises UsageError."""
    count = 0
    with new_file(out) as file:
        for record in records:
            file.write(line_of(*record))
            count += 1
    return count


def line_of(session_id: str, actor: Actor | None, exchange: Exchange) -> bytes:
    """One line with its end."""
    request = exchange.request
    record: dict[str, Any] = {
        "started": exchange.started,
        "ended": exchange.ended,
        "session": session_id,
        "tenant": actor.tenant if actor else None,
        "principal": actor.principal if actor else None,
        "connection": exchange.connection or None,
        "method": request.method,
        "scheme": request.scheme,
        "host": request.host,
        "target": request.target,
        "request_headers": _fields(request.headers),
        **_body("request", request.body),
        **_outcome(exchange.outcome),
        "messages": [_message(message) for message in exchange.messages] or None,
    }
    return dump_json({key: value for key, value in record.items() if value is not None}) + b"\n"


def _outcome(outcome: Response | Fault) -> dict[str, Any]:
    if isinstance(outcome, Fault):
        return {"status": 0, "error": str(outcome.kind)}
    return {
        "status": outcome.status,
        "response_headers": _fields(outcome.headers),
        **_body("response", outcome.body),
        "response_trailers": _fields(outcome.trailers) or None,
    }


def _fields(headers: Headers) -> list[list[str]]:
    return [[name, value] for name, value in headers.fields]


def _body(side: str, body: Body) -> dict[str, Any]:
    out: dict[str, Any] = {}
    text = _text(body.data)
    if text is None:
        out[f"{side}_body_base64"] = base64.b64encode(body.data).decode()
    elif text:
        out[f"{side}_body"] = text
    if body.truncated:
        out[f"{side}_bytes"] = body.length_bytes if body.length_bytes > len(body.data) else -1
    return out


def _message(message: SocketMessage) -> dict[str, Any]:
    body = message.body
    text = None if body.media_type == BINARY_TYPE else _text(body.data)
    content = {"base64": base64.b64encode(body.data).decode()} if text is None else {"text": text}
    cut = {"bytes": body.length_bytes} if body.truncated else {}
    return {"from": "client" if message.from_client else "server", "at": message.at, **content, **cut}


def _text(data: bytes) -> str | None:
    """None for what is no UTF-8, and would not come back as it was."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
