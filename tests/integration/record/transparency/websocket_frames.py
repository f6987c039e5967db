"""WebSocket frames (RFC 6455 section 5.2), written and read without a library."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

from integration.record.transparency.http1 import brief
from integration.record.transparency.wire import Wire

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_NAMES = {CONTINUATION: "more", TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}
_MASK = b"\x11\x22\x33\x44"


@dataclass(frozen=True, slots=True)
class Frame:
    opcode: int
    payload: bytes
    is_last: bool = True
    is_compressed: bool = False  # the first frame of a message says so for all (RFC 7692 section 6)

    def shown(self) -> str:
        """As it is logged: the mask is left out, it is new on every hop (RFC 6455 section 5.3)."""
        mark = " (compressed)" if self.is_compressed else ""
        return f"{_NAMES[self.opcode]}{mark}{'' if self.is_last else ' (to be continued)'} {brief(self.payload)!r}"


def encode(frame: Frame, *, masked: bool) -> bytes:
    size = len(frame.payload)
    mark = 0x80 if masked else 0
    head = bytes([(0x80 if frame.is_last else 0) | (0x40 if frame.is_compressed else 0) | frame.opcode])
    if size < 126:
        head += bytes([mark | size])
    elif size < 1 << 16:
        head += bytes([mark | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([mark | 127]) + size.to_bytes(8, "big")
    return head + (_MASK + _xor(frame.payload, _MASK) if masked else frame.payload)


def read_frame(wire: Wire) -> Frame:
    """The next frame, unmasked. Of the reserved bits only compression's may be set."""
    first, second = wire.exactly(2)
    assert not first & 0x30
    size = second & 0x7F
    if size >= 126:
        size = int.from_bytes(wire.exactly(2 if size == 126 else 8), "big")
    mask = wire.exactly(4) if second & 0x80 else b""
    payload = wire.exactly(size)
    return Frame(first & 0x0F, _xor(payload, mask) if mask else payload, bool(first & 0x80), bool(first & 0x40))


class Deflate:
    """permessage-deflate (RFC 7692) of one side, with context taken over from message to message."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(wbits=-15)
        self._unpacker = zlib.decompressobj(wbits=-15)

    def pack(self, frame: Frame) -> Frame:
        data = self._packer.compress(frame.payload) + self._packer.flush(zlib.Z_SYNC_FLUSH)
        return replace(frame, payload=data.removesuffix(b"\x00\x00\xff\xff"), is_compressed=True)

    def unpack(self, frame: Frame) -> Frame:
        """How a sender compresses is its own affair; that it does, and what comes out, is compared."""
        if not frame.is_compressed:
            return frame
        return replace(frame, payload=self._unpacker.decompress(frame.payload + b"\x00\x00\xff\xff"))


def _xor(data: bytes, mask: bytes) -> bytes:
    repeated = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(data), "big")
