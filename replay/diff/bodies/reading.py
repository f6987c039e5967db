"""Which reader a media type has, and the one function that reads a body of any type.

Rule: a body is read to its end or not at all; what was cut, or does not keep what its type promises, is not readable.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from replay.diff.bodies.event_stream import read_events
from replay.diff.bodies.forms import read_form
from replay.diff.bodies.grpc import read_grpc
from replay.diff.bodies.html_tree import read_html
from replay.diff.bodies.json_lines import read_json_lines
from replay.diff.bodies.limits import MOST_BYTES, UnreadableBodyError
from replay.diff.bodies.multipart import read_multipart
from replay.diff.bodies.opaque import read_opaque
from replay.diff.bodies.packed import read_cbor, read_msgpack
from replay.diff.bodies.protobuf import read_protobuf
from replay.diff.bodies.tables import read_table
from replay.diff.bodies.texts import read_text
from replay.diff.bodies.xml_tree import read_xml
from replay.model.body import Body
from replay.model.codec import UndecodableError, parse_json
from replay.model.tree import Tree

Read = Callable[[bytes, str], Tree]
"""(data, declared charset) -> tree. Raises UnreadableBodyError."""

_LINES = (
    *("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "text/x-ndjson"),
    *("application/jsonlines", "application/json-lines", "application/json-seq", "application/stream+json"),
)
_TEXTS = (
    *("application/javascript", "application/x-javascript", "application/ecmascript", "application/graphql"),
    *("application/yaml", "application/x-yaml", "application/toml"),
)
_BY_TYPE: dict[str, Read] = {
    **dict.fromkeys(_LINES, read_json_lines),
    **dict.fromkeys(_TEXTS, read_text),
    **dict.fromkeys(("text/html", "application/xhtml+xml"), read_html),
    **dict.fromkeys(("application/xml", "text/xml"), read_xml),
    **dict.fromkeys(("text/csv", "application/csv", "text/tab-separated-values"), read_table),
    **dict.fromkeys(("application/msgpack", "application/x-msgpack", "application/vnd.msgpack"), read_msgpack),
    **dict.fromkeys(("application/x-protobuf", "application/protobuf"), read_protobuf),
    "application/vnd.google.protobuf": read_protobuf,
    "text/event-stream": read_events,
    "application/x-www-form-urlencoded": read_form,
    "application/cbor": read_cbor,
}
_BY_END: tuple[tuple[str, Read], ...] = (
    ("+json-seq", read_json_lines),
    ("+xml", read_xml),
    ("+msgpack", read_msgpack),
    ("+cbor", read_cbor),
    ("+protobuf", read_protobuf),
)
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)


def read_body(body: Body, depth: int = 0) -> Tree:
    """The body as a tree. Raises UnreadableBodyError; an empty body has no tree."""
    if body.truncated or len(body.data) > MOST_BYTES:
        raise UnreadableBodyError("cut, or too long")
    media_type = body.media_type
    if body.is_json or media_type in ("text/json", "application/x-json"):
        return _json(body.data)
    if media_type.startswith("multipart/"):
        return read_multipart(body, depth, read_body)
    found = _CHARSET.search(body.content_type)
    return reader_of(media_type)(body.data, found[1] if found else "")


def reader_of(media_type: str) -> Read:
    known = _BY_TYPE.get(media_type)
    if known is not None:
        return known
    if media_type.startswith("application/grpc"):
        return read_grpc
    for end, read in _BY_END:
        if media_type.endswith(end):
            return read
    return read_text if media_type.startswith("text/") else read_opaque


def _json(data: bytes) -> Tree:
    try:
        return parse_json(data)
    except UndecodableError:
        raise UnreadableBodyError("no JSON") from None
