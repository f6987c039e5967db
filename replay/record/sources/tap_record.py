"""Our own JSON-lines form of an exchange: what access taps can be made to write, and what `export` writes.

One object a line; null and missing are the same. Needed: `method`; `target` or `url`; `started` or `ended`; `status` or
`error`. Everything else may be missing.

    started, ended              seconds since 1970 or ISO 8601 (without a zone: UTC)
    duration_ms, duration       milliseconds, seconds: the one of the two times that is missing
    method, target, url         url is absolute; target is path and query
    host, scheme, upstream      authority as the client sent it; http or https; HOST:PORT of the server behind
    connection                  any text that is the same for one client connection; stored as a keyed hash only
    request_headers, response_headers, response_trailers
                                [[name, value], ...], or {name: value or [values]}, where empty ones count as absent
    request_body, response_body                      text (UTF-8), already decoded: a content-encoding header is dropped
    request_body_base64, response_body_base64        bytes as on the wire: a content-encoding header is obeyed
    request_bytes, response_bytes                    true size when the body was cut; -1: it was not seen
    status                      0: there was no response, and `error` says why
    error                       connect timeout reset tls protocol client-gone upstream-gone, or Envoy's response flags
    messages                    [{"from": "client" or "server", "at", "text" or "base64", "bytes"}] of a WebSocket
    session, tenant, principal  written by `export`, for people: sessions are named afresh on import

Other keys pass by, unless they are a slip of one of these: such a line is skipped, since half of it would be lost.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from functools import lru_cache
from typing import Any

from replay.record.snapshot import RawMessage, Snapshot
from replay.record.sources.contract import Found, Skipped
from replay.record.sources.error_words import words_of
from replay.record.sources.foreign_values import (
    UrlParts,
    base64_bytes,
    first_value,
    header_fields,
    host_and_port,
    list_of,
    method_bytes,
    number_of,
    object_of,
    seconds_of,
    status_of,
    target_bytes,
    text_of,
    url_parts,
    utf8_bytes,
    wire_bytes,
    without,
)
from replay.record.sources.halves import Half, joined

KEYS = (
    "started", "ended", "duration_ms", "duration",
    "method", "target", "url", "host", "scheme", "upstream", "connection",
    "request_headers", "request_body", "request_body_base64", "request_bytes",
    "status", "response_headers", "response_body", "response_body_base64", "response_bytes", "response_trailers",
    "error", "messages", "session", "tenant", "principal",
)  # fmt: skip
_SLIP = 0.92  # difflib's ratio; request_id and request_body have 0.82
_TEXT, _BINARY = 1, 2  # opcodes (RFC 6455 section 5.2)
_SCHEMES = frozenset({"http", "https"})


def snapshot_of(record: dict[str, Any]) -> Found:
    """Pure and total."""
    if any(is_slip(key) for key in record):
        return Skipped("misspelt-key")
    method = method_bytes(record.get("method"))
    where = _where(record)
    times = _times(record)
    status = status_of(record["status"]) if record.get("status") is not None else 0 if record.get("error") else None
    if method is None:
        return Skipped("bad-method")
    if method == b"CONNECT":
        return Skipped("tunnel")
    if where is None:
        return Skipped("not-http")
    if times is None:
        return Skipped("bad-time")
    if status is None:
        return Skipped("bad-status" if record.get("status") is not None else "no-outcome")
    return _snapshot(record, method, where, times, status)


@lru_cache(maxsize=1024)
def is_slip(key: str) -> bool:
    """True for a key that is nearly one of ours (`reponse_body`), and most likely meant to be."""
    return key not in KEYS and len(key) < 40 and bool(difflib.get_close_matches(key, KEYS, 1, _SLIP))


def _snapshot(
    record: dict[str, Any], method: bytes, where: UrlParts, times: tuple[float, float], status: int
) -> Snapshot:
    asked = _half(record, "request")
    host, port = host_and_port(record.get("upstream"))
    authority = where.authority or first_value(asked.fields, b"host").encode("latin-1")
    where = replace(where, authority=authority)
    answered = _half(record, "response") if status else Half()
    return joined(
        replace(where, host=host, port=port) if host else where,
        method,
        asked,
        status,
        answered._replace(trailers=header_fields(record.get("response_trailers"))),
        started=times[0],
        ended=times[1],
        connection=_label(record.get("connection")),
        error=words_of(record.get("error")),
        messages=_messages(record),
    )


def _where(record: dict[str, Any]) -> UrlParts | None:
    scheme = text_of(record.get("scheme")).lower()
    url = url_parts(record.get("url")) or url_parts(record.get("target"))
    host = text_of(record.get("host"))
    if url:
        return url
    target = text_of(record.get("target")) or text_of(record.get("url"))
    if not (target.startswith("/") or target == "*") or scheme not in {"", *_SCHEMES}:
        return None
    name, port = host_and_port(host)
    return UrlParts(
        scheme or "http", wire_bytes(host), name, port or (443 if scheme == "https" else 80), target_bytes(target)
    )


def _times(record: dict[str, Any]) -> tuple[float, float] | None:
    started, ended = seconds_of(record.get("started")), seconds_of(record.get("ended"))
    took = number_of(record.get("duration_ms"))
    seconds = (took / 1000 if took is not None else number_of(record.get("duration"))) or 0.0
    if started is None and ended is None:
        return None
    if started is None and ended is not None:
        started = max(0.0, ended - max(0.0, seconds))
    started = started or 0.0
    return started, max(started, ended if ended is not None else started + max(0.0, seconds))


def _half(record: dict[str, Any], side: str) -> Half:
    fields = header_fields(record.get(f"{side}_headers"))
    text, coded = record.get(f"{side}_body"), record.get(f"{side}_body_base64")
    said = number_of(record.get(f"{side}_bytes"))
    data = base64_bytes(coded) if isinstance(coded, str) else utf8_bytes(text_of(text))
    if data is None:
        return Half(fields, b"", -1)
    if isinstance(text, str) and not isinstance(coded, str):
        fields = without(fields, b"content-encoding")
    size = len(data) if said is None else int(said) if said > len(data) else len(data) if said >= 0 else -1
    return Half(fields, data, size)


def _messages(record: dict[str, Any]) -> tuple[RawMessage, ...]:
    out: list[RawMessage] = []
    for message in map(object_of, list_of(record.get("messages"))):
        text = message.get("text")
        opcode = _TEXT if isinstance(text, str) else _BINARY
        kept = utf8_bytes(text) if isinstance(text, str) else base64_bytes(message.get("base64"))
        if kept is not None and message.get("from") in ("client", "server"):
            size = max(len(kept), int(number_of(message.get("bytes")) or 0))
            out.append((message["from"] == "client", opcode, seconds_of(message.get("at")) or 0.0, kept, size))
    return tuple(out)


def _label(value: Any) -> str:
    return value if isinstance(value, str) else "" if number_of(value) is None else str(value)
