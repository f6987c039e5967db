"""How a proxy talks to the writer process: frames over a pipe or a socket.

    +------+-----------------+------------------------+
    | kind | length (32 bit) | payload (marshal)      |     HELLO (on the pipe), then EXCHANGES as they come, then END
    +------+-----------------+------------------------+

Both ends run the same interpreter on the same machine, so `marshal` fits: 2.5 µs an exchange, a third less than pickle.
Rule: only ever fed from our own processes; a torn frame at the end (the proxy was killed) is left out, not guessed.
"""

from __future__ import annotations

import marshal
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

_HEAD = struct.Struct(">BI")


class FrameKind(IntEnum):
    HELLO = 1  # dict: the redaction key and settings; the only place where the key travels
    EXCHANGES = 2  # (when the oldest was offered, microseconds of the monotonic clock; snapshots as plain tuples)
    END = 3  # when the last word is due, seconds of the monotonic clock, or None: nothing follows


def encode(kind: FrameKind, payload: Any) -> bytes:
    data = marshal.dumps(payload)
    return _HEAD.pack(kind, len(data)) + data


class FrameBuffer:
    """Bytes in, frames out, however the pipe has cut them."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[FrameKind, Any]]:
        self._pending += data
        while len(self._pending) >= _HEAD.size:
            kind, length = _HEAD.unpack_from(self._pending)
            end = _HEAD.size + length
            if len(self._pending) < end:
                return
            payload = bytes(self._pending[_HEAD.size : end])
            del self._pending[:end]
            yield FrameKind(kind), marshal.loads(payload)  # noqa: S302 - our own process at the other end

    @property
    def is_torn(self) -> bool:
        """True when a frame has begun and not ended."""
        return bool(self._pending)
