"""What Envoy's tap filter writes with a JSON format: HttpBufferedTrace objects (data.tap.v3), one or many in a file.

    {"http_buffered_trace": {"request": {"headers": [{"key", "value"}], "body": {"as_bytes", "truncated"},
                                         "trailers": [...], "headers_received_time": "..."},
                             "response": {...}, "downstream_connection": {...}}}

Times are there only with record_headers_received_time; without them the answer's Date counts, else time 0: the order
of the file remains. Streamed traces are in pieces and are skipped: buffer them in Envoy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from replay.model.errors import FileFormatError
from replay.record.snapshot import RawHeaders
from replay.record.sources.byte_stream import open_stream
from replay.record.sources.contract import Found, OnBytes, Skipped, keep_quiet
from replay.record.sources.foreign_values import (
    DEFAULT_PORTS,
    UrlParts,
    base64_bytes,
    first_value,
    header_fields,
    host_and_port,
    list_of,
    method_bytes,
    object_of,
    seconds_of,
    status_of,
    target_bytes,
    text_of,
    utf8_bytes,
)
from replay.record.sources.halves import Half, joined
from replay.record.sources.json_elements import ElementSplitter, read_record

_BUFFERED, _STREAMED = "http_buffered_trace", "http_streamed_trace_segment"
_BEGIN = re.compile(rb'\s*\{\s*"http_(buffered|streamed)_trace')


@dataclass(frozen=True, slots=True)
class EnvoyTap:
    name: str = "envoy"
    suffixes: tuple[str, ...] = (".tap", ".tap.json")

    def is_own(self, head: bytes) -> bool:
        return _BEGIN.match(head) is not None

    def snapshots(self, path: Path, on_bytes: OnBytes = keep_quiet) -> Iterator[Found]:
        splitter = ElementSplitter(())
        is_empty = True
        with open_stream(path, on_bytes) as stream:
            while piece := stream.read():
                for element in splitter.feed(piece):
                    is_empty = False
                    trace = element if isinstance(element, Skipped) else read_record(element)
                    yield trace if isinstance(trace, Skipped) else snapshot_of(trace)
        if not splitter.is_whole:
            raise FileFormatError(f"{path} ends in the middle of a trace: it was cut off")
        if is_empty:
            raise FileFormatError(f"{path} holds no trace")


def snapshot_of(trace: dict[str, Any]) -> Found:
    """Pure and total."""
    if _STREAMED in trace:
        return Skipped("streamed-trace")
    buffered = object_of(trace.get(_BUFFERED))
    request, response = object_of(buffered.get("request")), object_of(buffered.get("response"))
    if not request:
        return Skipped("no-request")
    pseudo, asked = _headers(request)
    method, target = method_bytes(pseudo.get(b":method", "")), pseudo.get(b":path", "")
    status_text, answered = _headers(response)
    status = status_of(status_text.get(b":status", "0"))
    if method is None:
        return Skipped("bad-method")
    if method == b"CONNECT" or not target:
        return Skipped("tunnel")
    if status is None:
        return Skipped("bad-status")
    authority = pseudo.get(b":authority", "") or first_value(asked, b"host")
    host, port = host_and_port(authority)
    scheme = "https" if pseudo.get(b":scheme", "") == "https" else "http"
    started = _received(request) or _date(answered)
    url = UrlParts(scheme, authority.encode("latin-1"), host, port or DEFAULT_PORTS[scheme], target_bytes(target))
    return joined(
        url,
        method,
        Half(asked, *_body(request)),
        status,
        Half(answered, *_body(response), header_fields(response.get("trailers"))),
        started=started,
        ended=max(started, _received(response)),
        connection=_client(buffered),
        error="server disconnected",
    )


def _headers(message: dict[str, Any]) -> tuple[dict[bytes, str], RawHeaders]:
    """(Pseudo-headers, the others); a value that is no text comes as `raw_value`, base64."""
    fields = [
        {"key": one.get("key"), "value": one["value"] if one.get("value") else _raw(one)}
        for one in map(object_of, list_of(message.get("headers")))
    ]
    known = header_fields(fields)
    pseudo = {name: value.decode("latin-1") for name, value in known if name.startswith(b":")}
    return pseudo, tuple(pair for pair in known if not pair[0].startswith(b":"))


def _raw(field: dict[str, Any]) -> str:
    return (base64_bytes(field.get("raw_value")) or b"").decode("latin-1")


def _body(message: dict[str, Any]) -> tuple[bytes, int]:
    body = object_of(message.get("body"))
    text = body.get("as_string")
    data = utf8_bytes(text) if isinstance(text, str) else base64_bytes(text_of(body.get("as_bytes")))
    if data is None:
        return b"", -1
    is_cut = body.get("truncated") is True  # Envoy does not say how much it left out
    return data, (len(data) + 1 if data else -1) if is_cut else len(data)


def _received(message: dict[str, Any]) -> float:
    return seconds_of(message.get("headers_received_time")) or 0.0


def _date(fields: RawHeaders) -> float:
    try:
        return max(0.0, parsedate_to_datetime(first_value(fields, b"date")).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0


def _client(trace: dict[str, Any]) -> str:
    connection = object_of(trace.get("downstream_connection"))
    address = object_of(object_of(connection.get("remote_address")).get("socket_address"))
    host, port = text_of(address.get("address")), address.get("port_value")
    return f"{host}:{port}" if host and isinstance(port, int) else ""
