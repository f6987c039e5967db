"""HTTP/1 messages cut from a byte stream, with nothing interpreted that does not decide where they end.

Rule: no code of mitmproxy, h11 or aiohttp here: the judge must not share a fault with the judged.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol

_SHOWN_BYTES = 2048  # longer bodies are compared by length and digest, so that a failure stays readable


class StalledError(Exception):
    """Something that a script waited for did not come in time."""


class CutError(Exception):
    """The peer closed inside a message. `data`: what came of the piece that was being read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(f"{len(data)} bytes")
        self.data = data


class ByteSource(Protocol):
    """Both raise CutError at the end of the stream; `rest` does not."""

    def line(self) -> bytes: ...
    def exactly(self, size_bytes: int) -> bytes: ...
    def rest(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response. `head` and `trailers` are raw lines with their line ends; `chunks` raw size lines."""

    head: bytes
    body: bytes | tuple[int, str] = b""  # or (length, SHA-256)
    framing: str = "none"  # none, length, chunked, close; "cut" when the peer closed inside
    trailers: bytes = b""
    chunks: tuple[bytes, ...] = ()

    @property
    def start_line(self) -> bytes:
        return self.head.partition(b"\r\n")[0]

    @property
    def status(self) -> int:
        """0 when this is no response."""
        word = self.start_line.partition(b" ")[2][:3]
        return int(word) if self.head.startswith(b"HTTP/1.") and word.isdigit() else 0

    def header(self, name: bytes) -> bytes | None:
        """The first value of that name."""
        for line in self.head.split(b"\r\n")[1:]:
            key, mark, value = line.partition(b":")
            if mark and key.strip().lower() == name:
                return value.strip()
        return None


def brief(body: bytes) -> bytes | tuple[int, str]:
    return body if len(body) <= _SHOWN_BYTES else (len(body), hashlib.sha256(body).hexdigest())


def read_head(source: ByteSource) -> bytes:
    """Start line and header lines, with the empty line that ends them."""
    lines: list[bytes] = []
    while True:
        try:
            lines.append(source.line())
        except CutError as cut:
            raise CutError(b"".join(lines) + cut.data) from None
        if lines[-1] in {b"\r\n", b"\n"} and len(lines) > 1:
            return b"".join(lines)


def read_body(source: ByteSource, head: bytes, method: bytes | None) -> Message:
    """The message whose head was read. `method`: of the request that a response answers; None for a request."""
    message = Message(head)
    if method is not None and not message.status:
        return replace(message, framing="no HTTP")
    if method is not None and (method == b"HEAD" or message.status < 200 or message.status in {204, 304}):
        return message
    if (message.header(b"transfer-encoding") or b"").lower() == b"chunked":
        return _chunked(source, message)
    length = message.header(b"content-length")
    try:
        if length is not None:
            return replace(message, framing="length", body=brief(source.exactly(int(length))))
    except CutError as cut:
        return replace(message, framing="cut", body=brief(cut.data))
    return message if method is None else replace(message, framing="close", body=brief(source.rest()))


def _chunked(source: ByteSource, message: Message) -> Message:
    body, sizes, trailers, framing = bytearray(), [], b"", "chunked"
    try:
        while True:
            sizes.append(source.line().rstrip(b"\r\n"))
            size_bytes = int(sizes[-1].partition(b";")[0], 16)
            if not size_bytes:
                break
            body += source.exactly(size_bytes)
            assert source.exactly(2) == b"\r\n"
        while (line := source.line()) != b"\r\n":
            trailers += line
    except CutError as cut:
        body += cut.data
        framing = "cut"
    return replace(message, body=brief(bytes(body)), framing=framing, trailers=trailers, chunks=tuple(sizes))
