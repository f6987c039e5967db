"""Streams of JSON documents: one a line (NDJSON), or one behind each record separator (RFC 7464)."""

from __future__ import annotations

from replay.diff.bodies.limits import MOST_PARTS, UnreadableBodyError
from replay.model.codec import UndecodableError, parse_json
from replay.model.tree import Tree

_RECORD_SEPARATOR = b"\x1e"


def read_json_lines(data: bytes, _charset: str) -> Tree:
    """A list of documents; one broken line and the whole stream is not readable: it may have been cut there."""
    pieces = data.replace(_RECORD_SEPARATOR, b"\n").split(b"\n")
    if len(pieces) > MOST_PARTS:
        raise UnreadableBodyError("too many lines")
    try:
        return [parse_json(piece) for piece in pieces if piece.strip()]
    except UndecodableError:
        raise UnreadableBodyError("a line that is no JSON") from None
