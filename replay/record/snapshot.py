"""What a hook takes from a flow: references to bytes and a few numbers, nothing parsed, decoded or changed.

Between the proxy and the writer process it travels as a plain tuple in the order of these fields.
"""

from __future__ import annotations

from typing import NamedTuple

RawHeaders = tuple[tuple[bytes, bytes], ...]

RawMessage = tuple[bool, int, float, bytes, int]
"""A WebSocket message: from the client, opcode (1 text, 2 binary), time, what was kept of it, its size in bytes."""

_TUPLE_BYTES = 512  # the tuple, its numbers and its place in the queue; an estimate that errs upwards
_FIELD_BYTES = 130  # two bytes objects and their tuple (sys.getsizeof on CPython 3.11 to 3.13)


class Snapshot(NamedTuple):
    """Times: seconds, UTC. Sizes: bytes on the wire, still content-encoded; a body shorter than its size was cut."""

    connection: str
    upstream_host: str
    upstream_port: int
    scheme: str
    host: bytes  # HTTP/2's :authority; HTTP/1 says it in the Host header
    method: bytes
    target: bytes
    request_headers: RawHeaders
    request_body: bytes
    request_bytes: int
    status: int  # 0: no response
    response_headers: RawHeaders
    response_body: bytes
    response_bytes: int
    error: str  # mitmproxy's words, for the fault's kind only; they may quote traffic and are never stored
    started: float
    ended: float
    response_trailers: RawHeaders = ()
    messages: tuple[RawMessage, ...] = ()

    def weight_bytes(self) -> int:
        """What holding this costs, roughly."""
        weight = _TUPLE_BYTES + len(self.request_body) + len(self.response_body) + len(self.target)
        for message in self.messages:
            weight += len(message[3]) + _TUPLE_BYTES
        for headers in (self.request_headers, self.response_headers, self.response_trailers):
            for name, value in headers:
                weight += len(name) + len(value) + _FIELD_BYTES
        return weight

    def __repr__(self) -> str:  # tracebacks and logs show reprs
        return f"Snapshot(status {self.status})"
