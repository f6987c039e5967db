"""Which of the formats that can be read a media type names: one table for all redactors of bodies.

Rule: a type has one format, so a body has one redactor; what is in no row is binary, and dropped.
"""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    JSON = "json"
    JSON_LINES = "json-lines"
    FORM = "form"
    MULTIPART = "multipart"
    GRAPHQL = "graphql"
    EVENTS = "events"
    XML = "xml"
    HTML = "html"
    TABLE = "table"
    SCRIPT = "script"
    TEXT = "text"
    BINARY = "binary"


_FORMATS = {
    "application/json": Format.JSON,
    "text/json": Format.JSON,
    "application/x-json": Format.JSON,
    "application/x-ndjson": Format.JSON_LINES,
    "application/ndjson": Format.JSON_LINES,
    "application/jsonl": Format.JSON_LINES,
    "application/x-jsonlines": Format.JSON_LINES,
    "application/jsonlines": Format.JSON_LINES,
    "application/json-lines": Format.JSON_LINES,
    "application/json-seq": Format.JSON_LINES,
    "application/stream+json": Format.JSON_LINES,
    "text/x-ndjson": Format.JSON_LINES,
    "application/x-www-form-urlencoded": Format.FORM,
    "multipart/form-data": Format.MULTIPART,
    "multipart/mixed": Format.MULTIPART,
    "multipart/related": Format.MULTIPART,
    "application/graphql": Format.GRAPHQL,
    "text/event-stream": Format.EVENTS,
    "application/xml": Format.XML,
    "text/xml": Format.XML,
    "text/html": Format.HTML,
    "application/xhtml+xml": Format.HTML,
    "text/csv": Format.TABLE,
    "application/csv": Format.TABLE,
    "text/tab-separated-values": Format.TABLE,
    "application/javascript": Format.SCRIPT,
    "application/x-javascript": Format.SCRIPT,
    "application/ecmascript": Format.SCRIPT,
    "text/javascript": Format.SCRIPT,
}
KNOWN_TYPES = frozenset(_FORMATS)


def format_of(media_type: str) -> Format:
    """The format of `media_type` (an essence in lower case)."""
    known = _FORMATS.get(media_type)
    if known is not None:
        return known
    if media_type.endswith("+json"):
        return Format.JSON
    if media_type.endswith("+json-seq"):
        return Format.JSON_LINES
    if media_type.endswith("+xml"):
        return Format.XML
    return Format.TEXT if media_type.startswith("text/") else Format.BINARY
