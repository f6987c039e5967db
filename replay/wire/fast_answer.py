"""Answers that came whole in one read, with a plain head: read by lines, most of which are known from answers before.

    HTTP/1.1 200 OK                          the status, and no other version
    Content-Type: application/json           known: the same pair as the time before
    Content-Length: 17                       or chunks without extensions and trailers
                                             the body, to its last byte and not one byte more

Rule: whatever is not as plain as this is None, and goes to aiohttp's parser from its first byte: both give the same
response (tests play odd answers over both). Measured with eight fields, of which one is new in every answer, from the
bytes to whoever waits: 0.6 of what the parser, its message and its stream of the body cost.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from replay.model.headers import Headers
from replay.wire.answer import NO_BODY_STATUS, Head

_LONGEST_HEAD = 16_384  # bytes
_MOST_LINES = 2048
_LONGEST_LINE = 256  # characters of one that is kept
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_STATUS = re.compile(r"HTTP/1\.1 ([2-5][0-9][0-9]) [\x20-\x7e]*")
_LENGTH_DIGITS = 9  # a whole answer is one read
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")  # RFC 9112 section 7.1, without extensions

# What a field means for the framing and the body. Plain numbers: this is read for every field of every answer.
_PLAIN, _TYPE, _CODING, _LENGTH, _CHUNKED, _CLOSE, _ODD = range(7)
_MEANINGS = {
    "content-type": _TYPE,
    "content-encoding": _CODING,
    "content-length": _LENGTH,
    "transfer-encoding": _ODD,
    "connection": _ODD,
    "upgrade": _ODD,
    "trailer": _ODD,
}
_PLAIN_VALUES = {
    ("transfer-encoding", "chunked"): _CHUNKED,
    ("connection", "close"): _CLOSE,
    ("connection", "keep-alive"): _PLAIN,
}


class Plain(NamedTuple):
    """`closes`: the server takes no other request on this connection."""

    status: int
    head: Head
    body: bytes
    closes: bool


class PlainAnswers:
    """What the answers of one run have in common."""

    __slots__ = ("_known", "_names", "_statuses")

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[str, str], int]] = {}  # a line's field, and its meaning
        self._names: dict[str, int] = {}  # their meanings
        self._statuses: dict[str, int] = {}

    def read(self, data: bytes) -> Plain | None:
        """The answer to anything but HEAD; None: it is not plain, or not whole."""
        end = data.find(b"\r\n\r\n", 0, _LONGEST_HEAD)
        if end < 0:
            return None
        first, *lines = data[:end].decode("latin-1").split("\r\n")
        status = self._statuses.get(first) or self._status(first)
        known, fields = self._known, []
        content_type, coding, length, closes = "", "", "", False
        for line in lines:
            field, meaning = known.get(line) or self._learned(line)
            if meaning:
                if meaning == _TYPE:
                    content_type = content_type or field[1]
                elif meaning == _CODING:
                    coding = f"{coding}, {field[1]}" if coding else field[1]
                elif meaning == _CLOSE:
                    closes = True
                elif meaning == _ODD or length:
                    return None
                else:
                    length = "chunked" if meaning == _CHUNKED else field[1]
            fields.append(field)
        if not status or "event-stream" in content_type:
            return None
        body = _body(data, end + 4, status, length)
        return None if body is None else Plain(status, Head(Headers(tuple(fields)), content_type, coding), body, closes)

    def _status(self, line: str) -> int:
        found = _STATUS.fullmatch(line)
        status = int(found[1]) if found else 0
        if status and len(self._statuses) < _MOST_LINES:
            self._statuses[line] = status
        return status

    def _learned(self, line: str) -> tuple[tuple[str, str], int]:
        name, _, value = line.partition(": ")
        meaning = self._names.get(name)
        if meaning is None:
            meaning = self._named(name)
        if not value or not value.isprintable() or value[0] == " " or value[-1] == " ":
            meaning = _ODD
        elif meaning == _ODD:
            meaning = _PLAIN_VALUES.get((name.lower(), value.lower()), _ODD)
        if len(line) <= _LONGEST_LINE:
            if len(self._known) >= _MOST_LINES:
                self._known.clear()
            self._known[line] = (name, value), meaning
        return (name, value), meaning

    def _named(self, name: str) -> int:
        meaning = _MEANINGS.get(name.lower(), _PLAIN) if _TOKEN.fullmatch(name) else _ODD
        if len(self._names) < _MOST_LINES and len(name) <= _LONGEST_LINE:
            self._names[name] = meaning
        return meaning


def _body(data: bytes, start: int, status: int, length: str) -> bytes | None:
    """What follows the head, when it is a whole body and nothing else. `length`: digits, `chunked`, or nothing."""
    if length == "chunked":
        return _joined(data, start) if status not in NO_BODY_STATUS else None
    if length and not (length.isdecimal() and length.isascii() and len(length) <= _LENGTH_DIGITS):
        return None
    if status in NO_BODY_STATUS:
        return b"" if len(data) == start else None
    return data[start:] if length and len(data) - start == int(length) else None


def _joined(data: bytes, at: int) -> bytes | None:
    """The chunks' content; the last one is empty, and nothing comes behind it."""
    parts: list[bytes] = []
    while size := _CHUNK.match(data, at):
        start = size.end()
        at = start + int(size[1], 16)
        if data[at : at + 2] != b"\r\n":
            return None
        if at == start:
            return b"".join(parts) if len(data) == at + 2 else None
        parts.append(data[start:at])
        at += 2
    return None
