"""A column's value as a reading shows it: short values as they are, long ones as their head, length and digest.

    abcdefg… <1048576 bytes, digest 0123456789abcdef>       text (or UTF-8 bytes): the first 256 characters stay readable
    <5 bytes, digest 0123456789abcdef>                      other bytes

Rule: a marker at the beginning of a value stays findable, and a cell that changed never looks the same. The exception
is stated where it is made: beyond FULL_DIGEST_CHARS SQLite's cells are told apart by both ends and the length.
"""

from __future__ import annotations

import hashlib
import math
from typing import TypeAlias

from replay.model.reading import Cell

Raw: TypeAlias = "None | bool | int | float | str | bytes"

LONG_CHARS = 512  # longer values are cut
HEAD_CHARS = 256
FULL_DIGEST_CHARS = 65_536


def cell_of(value: object) -> Cell:
    """Any driver's value as a cell."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value if len(value) <= LONG_CHARS else mark_text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        return mark_ends(len(data), data, data[:HEAD_CHARS], b"")
    return str(value)


def mark_text(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    return mark(text[:HEAD_CHARS], len(data), hashlib.blake2b(data, digest_size=8).hexdigest())


def mark_ends(size_bytes: int, whole: bytes | None, head: bytes, tail: bytes) -> str:
    """The mark of a value of which only the ends may be known (`whole` None): both then stand for all of it."""
    digested = whole if whole is not None else b"%d|%b|%b" % (size_bytes, head, tail)
    return mark(_readable(head), size_bytes, hashlib.blake2b(digested, digest_size=8).hexdigest())


def mark(head: str, size_bytes: int, digest: str) -> str:
    return f"{head}{'… ' if head else ''}<{size_bytes} bytes, digest {digest}>"


def _readable(head: bytes) -> str:
    """Text when the bytes are UTF-8 (the last character may be cut) without control characters, else nothing."""
    text = head.decode("utf-8", "ignore")
    lost = len(head) - len(text.encode())
    if lost > 3 or any(not one.isprintable() and one not in "\n\r\t" for one in text):
        return ""
    return text
