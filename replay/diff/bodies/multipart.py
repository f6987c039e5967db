"""Multipart bodies (RFC 2046 section 5.1): parts by name, each read by its own type; the boundary is noise.

Rule: a body that does not end with its closing boundary was cut, and is not readable.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from replay.diff.bodies.limits import UnreadableBodyError, joined
from replay.model.body import Body
from replay.model.tree import Tree

_MOST_PARTS = 1_000
_MOST_FIELD_BYTES = 8 << 10  # of one part
_MOST_NESTING = 4  # multipart in multipart
_BOUNDARY = re.compile(r";\s*boundary=(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_NAME = re.compile(r";\s*name=(?:\"([^\"]{0,200})\"|([^\s;\"]{0,200}))", re.IGNORECASE)
_END_OF_FIELDS = re.compile(rb"\r?\n\r?\n")

Read = Callable[[Body, int], Tree]
"""Reads a part; the number is how deep it stands."""


def read_multipart(body: Body, depth: int, read: Read) -> Tree:
    """{name: [part, ...]}; parts without a name stand under `part`."""
    found = _BOUNDARY.search(body.content_type)
    if found is None or depth > _MOST_NESTING:
        raise UnreadableBodyError("no boundary, or too deeply nested")
    out: dict[str, Tree] = {}
    for raw in _parts(body.data, (found[1] or found[2]).encode()):
        name, part = _part(raw)
        joined(out, name, read(part, depth + 1))
    return out


def _parts(data: bytes, boundary: bytes) -> list[bytes]:
    mark = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|$)")
    parts: list[bytes] = []
    found = mark.search(data)
    while found is not None and not found[1]:
        start = found.end()
        found = mark.search(data, max(start - 2, 0))  # the line end may be that of both boundaries: an empty part
        if found is None or len(parts) >= _MOST_PARTS:
            raise UnreadableBodyError("no closing boundary, or too many parts")
        parts.append(data[start : max(start, found.start())])
    if found is None:
        raise UnreadableBodyError("no closing boundary")
    return parts


def _part(raw: bytes) -> tuple[str, Body]:
    if raw.startswith((b"\r\n", b"\n")):
        return "part", Body(raw.partition(b"\n")[2], "text/plain")
    end = _END_OF_FIELDS.search(raw, 0, _MOST_FIELD_BYTES)
    if end is None:
        raise UnreadableBodyError("a part without an end of its fields")
    name, content_type = "part", "text/plain"
    for line in raw[: end.start()].decode("utf-8", "replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-type":
            content_type = value.strip()
        elif key.strip().lower() == "content-disposition" and (found := _NAME.search(value)):
            name = found[1] or found[2] or "part"
    return name, Body(raw[end.end() :], content_type)
