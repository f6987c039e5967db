"""One flow of a mitmproxy flow file as a snapshot, read by mitmproxy itself: it knows its older versions.

Rule: a flow that cannot be used is a fixed word, never an exception; mitmproxy's errors quote the flow.
"""

from __future__ import annotations

import io
import logging
from typing import Any

from mitmproxy.http import HTTPFlow
from mitmproxy.io import FlowReader

from replay.record.snapshot import RawMessage, Snapshot

_BINARY, _TEXT = 2, 1  # opcodes (RFC 6455 section 5.2)
_ABSENT = 0.0


def read_flow(frame: bytes) -> Snapshot | str:
    """`frame`: one typed netstring. The answer's fields are those that the recorder would have taken, or a reason."""
    log = logging.getLogger("mitmproxy")
    level = log.level
    log.setLevel(logging.CRITICAL)  # it logs what it cannot read
    try:
        flow = next(iter(FlowReader(io.BytesIO(frame)).stream()))
        if not isinstance(flow, HTTPFlow):
            return "not-http"
        if flow.request.method == "CONNECT":
            return "tunnel"
        return _snapshot(flow)
    except Exception:  # noqa: BLE001 - a flow file is a stranger's; its reader raises whatever its parts raise
        return "unreadable"
    finally:
        log.setLevel(level)


def _snapshot(flow: HTTPFlow) -> Snapshot:
    request = flow.request.data
    response = flow.response.data if flow.response is not None else None
    answer, answer_bytes = _body(response.content) if response else (b"", 0)
    if flow.error is not None and response:
        answer_bytes = -1 if not answer else len(answer) + 1  # ended early: cut
    messages = _messages(flow)
    started = request.timestamp_start or _ABSENT
    ended = (response and response.timestamp_end) or (flow.error and flow.error.timestamp) or started
    body, size_bytes = _body(request.content)
    trailers: Any = response.trailers if response else None
    return Snapshot(
        connection=flow.client_conn.id,
        upstream_host=request.host,
        upstream_port=request.port,
        scheme=request.scheme.decode("ascii", "replace"),
        host=request.authority,
        method=request.method,
        target=request.path,
        request_headers=request.headers.fields,
        request_body=body,
        request_bytes=size_bytes,
        status=response.status_code if response else 0,
        response_headers=response.headers.fields if response else (),
        response_body=answer,
        response_bytes=answer_bytes,
        error=flow.error.msg if flow.error is not None else "",
        started=started,
        ended=max([ended, *(message[2] for message in messages)]),
        response_trailers=trailers.fields if trailers is not None else (),
        messages=messages,
    )


def _body(content: bytes | None) -> tuple[bytes, int]:
    """-1: it was streamed past mitmproxy, which then keeps nothing."""
    return (b"", -1) if content is None else (content, len(content))


def _messages(flow: HTTPFlow) -> tuple[RawMessage, ...]:
    if flow.websocket is None:
        return ()
    return tuple(
        (one.from_client, _TEXT if one.is_text else _BINARY, one.timestamp, one.content, len(one.content))
        for one in flow.websocket.messages
        if not one.dropped  # an addon kept it from the other side
    )
