"""JSON in the writings in which services send it: any UTF, behind a guard against script inclusion, line by line.

    {"id": 17}        one document
    )]}',\\n{"id": 17}  behind a guard, which stays
    {"id": 17}\\n{…}   one a line (NDJSON, JSON Lines, a watch that streams), or behind record separators (RFC 7464)

The document is always written anew, as UTF-8: of duplicate keys the parser keeps one, and the others must go as well.
"""

from __future__ import annotations

import re

from replay.model.codec import UndecodableError, dump_json, parse_json
from replay.redact.desk import Desk, UnreadableError

_MOST_LINES = 50_000
_GUARD = re.compile(rb"\s*(?:\)\]\}'?,?|while ?\(1\);?|for ?\(;;\);?|throw 1;(?: ?<don't be evil>)?|\{\} ?&&)\s*")
_SEPARATOR = b"\x1e"
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xef\xbb\xbf", "utf-8"),
)
# Where the zeros stand among the first four bytes (RFC 4627 section 3): a document begins with ASCII.
_ZEROS = {
    (0, 1, 1, 1): "utf-32-le",
    (1, 1, 1, 0): "utf-32-be",
    (0, 1, 0, 1): "utf-16-le",
    (1, 0, 1, 0): "utf-16-be",
    (0, 1): "utf-16-le",
    (1, 0): "utf-16-be",
}


def rewritten_json(desk: Desk, data: bytes, _: str, place: str) -> bytes:
    """One document, guarded or not; several, one a line. Raises UndecodableError."""
    text = _as_utf8(data)
    guard = _GUARD.match(text)
    start = guard.group() if guard else b""
    try:
        tree = parse_json(text[len(start) :])
    except UndecodableError:
        if start or b"\n" not in text.strip():
            raise
        return rewritten_lines(desk, text, _, place)
    return start + dump_json(desk.tree(tree, place))


def rewritten_lines(desk: Desk, data: bytes, _: str, place: str) -> bytes:
    """A document a line, or a record; line ends, empty lines and separators stay. Raises UndecodableError."""
    text = _as_utf8(data)
    mark = _SEPARATOR if text.lstrip()[:1] == _SEPARATOR else b"\n"
    lines = text.split(mark)
    if len(lines) > _MOST_LINES:
        raise UnreadableError("too many lines")
    return mark.join([_line(desk, line, f"{place}[*]") for line in lines])


def _line(desk: Desk, line: bytes, place: str) -> bytes:
    core = line.strip()
    if not core:
        return line
    start = line.index(core)
    return line[:start] + dump_json(desk.tree(parse_json(core), place)) + line[start + len(core) :]


def _as_utf8(data: bytes) -> bytes:
    """UTF-8 without a byte order mark, whatever it was."""
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :] if name == "utf-8" else data[len(mark) :].decode(name).encode()
    zeros = tuple(int(byte == 0) for byte in data[:4])
    name = _ZEROS.get(zeros) or (_ZEROS.get(zeros[:2]) if len(data) == 2 else None) or ""
    return data.decode(name).encode() if name else data
