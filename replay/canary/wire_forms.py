"""A case as bytes on the wire: HTTP/1.1 messages and WebSocket frames, and how to read whole ones."""

from __future__ import annotations

import re
import socket
from base64 import b64encode
from hashlib import sha1

from replay.canary.case import Field, Plan

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
SOCKET_KEY = b"bm90LWEtc2VjcmV0LWtleQ=="
_MASK = b"\x37\xfa\x21\x3d"
TEXT, CLOSE = 1, 8


def request_bytes(plan: Plan) -> bytes:
    fields: list[Field] = [("Host", plan.host), *plan.headers]
    if plan.is_socket:
        fields += [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
        fields.append(("Sec-WebSocket-Key", SOCKET_KEY))
    if plan.body:
        fields.append(("Content-Length", str(len(plan.body))))
    return f"{plan.method} {plan.target} HTTP/1.1\r\n".encode() + _section(fields) + plan.body


def answer_bytes(plan: Plan) -> bytes:
    """Empty when the upstream is to break off."""
    if not plan.status:
        return b""
    fields = list(plan.answer_headers)
    body = plan.answer
    if plan.is_socket:
        accept = b64encode(sha1(SOCKET_KEY + _GUID).digest())  # noqa: S324 - the protocol's own
        fields += [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
    elif plan.chunks or plan.trailers:
        fields.append(("Transfer-Encoding", "chunked"))
        body = _chunked(body, plan.chunks, plan.trailers)
    elif plan.method != "HEAD" and plan.status != 204:
        fields.append(("Content-Length", str(len(body))))
    return f"HTTP/1.1 {plan.status} Planned\r\n".encode() + _section(fields) + body


def frame(opcode: int, data: bytes, *, is_masked: bool) -> bytes:
    """One unfragmented message (RFC 6455 section 5.2)."""
    size, bit = len(data), 0x80 if is_masked else 0
    if size < 126:
        head = bytes([0x80 | opcode, bit | size])
    elif size < 1 << 16:
        head = bytes([0x80 | opcode, bit | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | opcode, bit | 127]) + size.to_bytes(8, "big")
    if not is_masked:
        return head + data
    return head + _MASK + bytes(byte ^ _MASK[i & 3] for i, byte in enumerate(data))


def close_frame(reason: str, *, is_masked: bool) -> bytes:
    return frame(CLOSE, (1000).to_bytes(2, "big") + reason.encode(), is_masked=is_masked)


class Reader:
    """Whole messages out of a socket's stream. Every read raises OSError when the other side is gone or too slow."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._rest = b""

    def message(self, *, is_answer: bool, to_head: bool = False) -> bytes:
        """One HTTP/1.1 message, raw; empty when the other side has ended in good order."""
        while b"\r\n\r\n" not in self._rest:
            if not self._more():
                return b""
        head = self._rest.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        lower = head.lower()
        status = int(head.split(None, 2)[1]) if is_answer else 200
        length = re.search(rb"\r\ncontent-length: *(\d+)", lower)
        if to_head or status in (101, 204, 304):
            size = len(head)
        elif b"\r\ntransfer-encoding: chunked" in lower:
            size = self._end_of_chunks(len(head))
        else:
            size = len(head) + (int(length[1]) if length else 0)
        return self._take(size)

    def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next whole message; pings are passed over."""
        opcode, data = 0, b""
        while True:
            first, second = self._peek(2)
            size, head = second & 0x7F, 2
            if size > 125:
                wide = 2 if size == 126 else 8
                head += wide
                size = int.from_bytes(self._peek(head)[2:], "big")
            mask = self._peek(head + 4)[head:] if second & 0x80 else b""
            head += len(mask)
            payload = self._take(head + size)[head:]
            if mask:
                payload = bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))
            kind = first & 0xF
            if kind in (9, 10):
                continue
            opcode, data = opcode or kind, data + payload
            if first & 0x80:
                return opcode, data

    def _end_of_chunks(self, start: int) -> int:
        while True:
            line_end = self._find(b"\r\n", start)
            size = int(self._rest[start:line_end].partition(b";")[0], 16)
            start = line_end + 2 + size + 2
            if not size:  # trailer fields, then an empty line
                return self._find(b"\r\n\r\n", line_end) + 4

    def _find(self, what: bytes, start: int) -> int:
        while (found := self._rest.find(what, start)) < 0:
            if not self._more():
                raise ConnectionResetError
        return found

    def _peek(self, size: int) -> bytes:
        while len(self._rest) < size:
            if not self._more():
                raise ConnectionResetError
        return self._rest[:size]

    def _take(self, size: int) -> bytes:
        data = self._peek(size)
        self._rest = self._rest[size:]
        return data

    def _more(self) -> bool:
        piece = self._socket.recv(65536)
        self._rest += piece
        return bool(piece)


def _section(fields: list[Field]) -> bytes:
    lines = [
        name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
        for name, value in fields
    ]
    return b"".join(lines) + b"\r\n"


def _chunked(body: bytes, lengths: tuple[int, ...], trailers: tuple[Field, ...]) -> bytes:
    out, start = b"", 0
    for length in (*lengths, len(body)):
        piece = body[start : start + length]
        start += length
        if piece:
            out += f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    return out + b"0\r\n" + _section(list(trailers))
