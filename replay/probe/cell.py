"""A column's value as a reading shows it: short values as they are, long ones as their head, length and digest.

    abcdefg... <1048576 bytes, digest 0123456789abcdef>     text, or bytes that are text: the first 256 characters stay
    <5 bytes, digest 0123456789abcdef>                      other bytes

All of it is ASCII, because PostgreSQL makes its marks itself and a database may be in LATIN1.

Rule: a marker at the beginning of a value stays findable, and a cell that changed does not look the same.
"""

from __future__ import annotations

import hashlib
import math
import zlib

from replay.model.reading import Cell

LONG_BYTES = 512  # longer values are cut
HEAD_CHARS = 256
_DIGESTED_BYTES = (
    65_536  # up to here a full digest (1.2 ms per MiB measured); beyond, CRC-32 of all (0.3) and both ends
)


def cell_of(value: object) -> Cell:
    """Any driver's value as a cell."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return mark_bytes(bytes(value))
    text = str(value)
    if len(text) * 4 <= LONG_BYTES:
        return text
    data = text.encode("utf-8", "surrogatepass")
    return text if len(data) <= LONG_BYTES else mark_bytes(data)


def mark_bytes(data: bytes) -> str:
    """The mark of a value, text (as UTF-8) or bytes."""
    digested = data
    if len(data) > _DIGESTED_BYTES:
        digested = b"%d|%d|%b|%b" % (len(data), zlib.crc32(data), data[:HEAD_CHARS], data[-HEAD_CHARS:])
    return mark(_readable(data[: 4 * HEAD_CHARS]), len(data), hashlib.blake2b(digested, digest_size=8).hexdigest())


def mark(head: str, size_bytes: int, digest: str) -> str:
    return f"{head}{'... ' if head else ''}<{size_bytes} bytes, digest {digest}>"


def _readable(head: bytes) -> str:
    """Text when the bytes are UTF-8 (the last character may be cut) without control characters, else nothing."""
    text = head.decode("utf-8", "ignore")
    lost = len(head) - len(text.encode())
    if lost > 3 or any(not one.isprintable() and one not in "\n\r\t" for one in text):
        return ""
    return text[:HEAD_CHARS]
