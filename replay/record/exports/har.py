"""Exchanges as HAR 1.2: for browsers' network panels, mitmproxy, and whatever else reads one.

Fields of our own begin with an underscore, as the format asks: _session, _tenant, _principal, _trailers, and _truncated
with _size (the true one) where a body was cut. A fault is a status 0 with its kind as _error, as Chrome writes it.

Rule: streamed, one entry at a time; pure but for the one function that writes.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from replay import __version__
from replay.model.body import Body
from replay.model.codec import dump_json
from replay.model.exchange import Exchange, Fault, Response, SocketMessage
from replay.model.headers import Headers
from replay.model.message import cookies, readable
from replay.model.session import Actor
from replay.record.exports.jsonl import BINARY_TYPE, Record
from replay.record.exports.new_file import new_file

_HTTP_VERSION = "HTTP/1.1"  # the capture does not keep it
_TEXT, _BINARY = 1, 2  # opcodes (RFC 6455 section 5.2)
_LATEST = 253_402_300_799  # the end of the year 9999, beyond which there are no dates
_UNKNOWN = -1  # HAR's word for sizes and times that nobody measured


def export_har(records: Iterable[Record], out: Path) -> int:
    """Write one HAR with all entries; how many. Mode 0600, never over another file. Raises UsageError."""
    count = 0
    creator = dump_json({"name": "replay", "version": __version__})
    with new_file(out) as file:
        file.write(b'{"log":{"version":"1.2","creator":' + creator + b',"pages":[],"entries":[')
        for record in records:
            file.write((b",\n" if count else b"\n") + dump_json(entry_of(*record)))
            count += 1
        file.write(b"\n]}}\n")
    return count


def entry_of(session_id: str, actor: Actor | None, exchange: Exchange) -> dict[str, Any]:
    """One element of log.entries."""
    took_ms = round(max(0.0, exchange.ended - exchange.started) * 1000, 3)
    entry = {
        "startedDateTime": _moment(exchange.started),
        "time": took_ms,
        "request": _request(exchange),
        "response": _response(exchange.outcome),
        "cache": {},
        "timings": {"send": 0, "wait": took_ms, "receive": 0},
        "_session": session_id,
    }
    if exchange.connection:
        entry["connection"] = exchange.connection
    if actor:
        entry |= {"_tenant": actor.tenant, "_principal": actor.principal}
    if exchange.messages or exchange.status == HTTPStatus.SWITCHING_PROTOCOLS:
        entry["_resourceType"] = "websocket"
        entry["_webSocketMessages"] = [_message(message) for message in exchange.messages]
    return entry


def _request(exchange: Exchange) -> dict[str, Any]:
    request = exchange.request
    out: dict[str, Any] = {
        "method": request.method,
        "url": f"{request.scheme}://{request.host}{request.target}",
        "httpVersion": _HTTP_VERSION,
        "cookies": [{"name": name, "value": value} for name, value in cookies(request.headers).items()],
        "headers": _fields(request.headers),
        "queryString": _pairs(request.query),
        "headersSize": _UNKNOWN,
        "bodySize": request.body.length_bytes,
    }
    if request.body.data or request.body.truncated:
        out["postData"] = {"mimeType": request.body.content_type, **_content(request.body)}
        if request.body.is_form and not request.body.truncated:
            out["postData"]["params"] = _pairs(request.body.data.decode("utf-8", "replace"))
    return out


def _response(outcome: Response | Fault) -> dict[str, Any]:
    if isinstance(outcome, Fault):
        return _bare(0, "") | {"_error": str(outcome.kind)}
    out = _bare(outcome.status, _phrase(outcome.status))
    out["headers"] = _fields(outcome.headers)
    out["cookies"] = [_set_cookie(line) for line in outcome.headers.get_all("set-cookie")]
    out["redirectURL"] = outcome.headers.get("location")
    out["content"] = {
        "size": outcome.body.length_bytes,
        "mimeType": outcome.body.content_type,
        **_content(outcome.body),
    }
    out["bodySize"] = outcome.body.length_bytes
    if outcome.trailers.fields:
        out["_trailers"] = _fields(outcome.trailers)
    return out


def _bare(status: int, phrase: str) -> dict[str, Any]:
    return {
        "status": status,
        "statusText": phrase,
        "httpVersion": _HTTP_VERSION,
        "cookies": [],
        "headers": [],
        "content": {"size": 0, "mimeType": "", "text": ""},
        "redirectURL": "",
        "headersSize": _UNKNOWN,
        "bodySize": 0 if status else _UNKNOWN,
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(min(max(seconds, 0.0), _LATEST), UTC).isoformat(timespec="microseconds")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _content(body: Body) -> dict[str, Any]:
    """Text where it is UTF-8 and says so or says nothing else; all other bytes in base64, so that none is changed."""
    kind = body.content_type.lower()
    try:
        text = None if "charset" in kind and "utf-8" not in kind else body.data.decode()
    except UnicodeDecodeError:
        text = None
    out: dict[str, Any] = {"text": base64.b64encode(body.data).decode(), "encoding": "base64"}
    if text is not None:
        out = {"text": text}
    if body.truncated:
        out |= {"_truncated": True, "_size": body.length_bytes}
    return out


def _message(message: SocketMessage) -> dict[str, Any]:
    body = message.body
    is_text = body.media_type != BINARY_TYPE
    data = body.data.decode("utf-8", "replace") if is_text else base64.b64encode(body.data).decode()
    out = {
        "type": "send" if message.from_client else "receive",
        "time": message.at,
        "opcode": _TEXT if is_text else _BINARY,
        "data": data,
    }
    return out | ({"_truncated": True, "_size": body.length_bytes} if body.truncated else {})


def _set_cookie(line: str) -> dict[str, str]:
    name, _, value = line.partition(";")[0].partition("=")
    return {"name": name.strip(), "value": value.strip()}


def _fields(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.fields]


def _pairs(text: str) -> list[dict[str, str]]:
    found = parse_qsl(readable(text), keep_blank_values=True)
    return [{"name": name, "value": value} for name, value in found]
