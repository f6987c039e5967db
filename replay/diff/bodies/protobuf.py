"""Protocol buffers without their description: fields by number, values as the wire format tells them.

    field 1 = 150, field 2 = {field 1 = "ab"}  ->  {"f1": [150], "f2": [{"f1": ["ab"]}]}

The wire tells varint, fixed width and length; whether a length holds a text, a message or bytes is concluded from the
bytes alone, by one fixed order of trials, so that two answers of one kind are read alike.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress

from replay.diff.bodies.limits import MOST_DEPTH, MOST_PARTS, UnreadableBodyError, joined
from replay.model.tree import Tree

_MOST_FIELD = (1 << 29) - 1
_MOST_NESTING = min(MOST_DEPTH, 64)  # messages in each other; a guess deeper than this is one about text
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10  # bytes of 64 bits
_MOST_VARINT = (1 << 64) - 1  # parsers drop what is above


def read_protobuf(data: bytes, _charset: str) -> Tree:
    return _Reader().message(data, 0)


class _Reader:
    """Counts the fields of one body over all trials, so that no nesting of guesses costs more than its bound."""

    def __init__(self) -> None:
        self.parts = 0

    def message(self, data: bytes, depth: int) -> Tree:
        """Raises UnreadableBodyError where the bytes are no message to their end."""
        out: dict[str, Tree] = {}
        at = 0
        while at < len(data):
            tag, at = _varint(data, at)
            number, kind = tag >> 3, tag & 7
            self.parts += 1
            if not 0 < number <= _MOST_FIELD or self.parts > MOST_PARTS:
                raise UnreadableBodyError("no message, or one of too many fields")
            value, at = self._value(data, at, kind, depth)
            joined(out, f"f{number}", value)
        return out

    def _value(self, data: bytes, at: int, kind: int, depth: int) -> tuple[Tree, int]:
        if kind == _VARINT:
            return _varint(data, at)
        if kind == _LENGTH:
            size, at = _varint(data, at)
            return self._content(_slice(data, at, size), depth), at + size
        if kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
            return int.from_bytes(_slice(data, at, size), "little"), at + size
        raise UnreadableBodyError("no message")  # groups (3, 4) are deprecated since 2008; 6 and 7 do not exist

    def _content(self, data: bytes, depth: int) -> Tree:
        """A text where it reads like one, else a message, else bytes by their digest.

        A line feed is how a message with a first field of a length begins (field 1): no text starts like that.
        """
        text = _text(data)
        if text is not None:
            return text
        if depth < _MOST_NESTING:
            with suppress(UnreadableBodyError):
                return self.message(data, depth + 1)
        return f"bytes:{hashlib.sha256(data).hexdigest()}"


def _text(data: bytes) -> str | None:
    if data[:1] == b"\n":
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if all(char.isprintable() or char in "\t\r\n" for char in text) else None


def _slice(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise UnreadableBodyError("a message that was cut")
    return data[at : at + size]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for i in range(_LONGEST_VARINT):
        if at + i >= len(data):
            raise UnreadableBodyError("a message that was cut")
        byte = data[at + i]
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value & _MOST_VARINT, at + i + 1
    raise UnreadableBodyError("no message")
