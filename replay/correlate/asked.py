"""What a request says: its texts (target, header fields, body) and the values in them.

Rule: the places are those of `model.message.request_leaves`, and for bodies that it does not read:

    ("part", "title", 0)     a field of a multipart form (RFC 7578)       ("filename", "upload", 0)
    ("xml", "Envelope", …)   see `xml_spans`       ("text",)  a short text as a whole       ("line", 3)  of NDJSON
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from replay.correlate.credentials import is_static, is_static_request_header
from replay.correlate.inside import inside, parameter_pieces, path_pieces
from replay.correlate.json_spans import json_leaves, json_pieces
from replay.correlate.multipart_spans import multipart_pieces
from replay.correlate.pieces import Piece, as_field, as_text
from replay.correlate.xml_spans import xml_pieces
from replay.model.body import Body
from replay.model.exchange import Request
from replay.model.message import readable
from replay.model.tree import Place

LONGEST_TEXT = 4096  # characters of a body without a format
LONGEST_DOCUMENT = 65536  # of one that reads like JSON, whatever its sender calls it
_LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
_TEXTS = frozenset({"", "text/plain", "application/graphql"})
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\udc80-\udcff]")
_CRUMB = re.compile(r"[^;]+")


@dataclass(frozen=True, slots=True, repr=False)
class Section:
    """One text of the request. `field`: the index of the header field, -1 for the target, -2 for the body."""

    field: int
    text: str
    pieces: tuple[Piece, ...]


TARGET, BODY = -1, -2


def sections(request: Request) -> Iterator[Section]:
    """Target, header fields, body; texts that hold no value are left out."""
    yield Section(TARGET, request.target, target_pieces(request.target))
    seen: dict[str, int] = {}
    for i, (name, value) in enumerate(request.headers.fields):
        key = name.lower()
        n = seen.get(key, 0)
        seen[key] = n + 1
        yield Section(i, value, field_pieces(key, n, value))
    text, pieces = body_pieces(request.body)
    if pieces:
        yield Section(BODY, text, pieces)


def asked(request: Request) -> Iterator[Piece]:
    """Every value of the request that is not inside another one, without the headers of the client's software."""
    yield from target_pieces(request.target)
    seen: dict[str, int] = {}
    for name, value in request.headers.fields:
        key = name.lower()
        if not is_static_request_header(key):
            n = seen.get(key, 0)
            seen[key] = n + 1
            yield from field_pieces(key, n, value)
    yield from body_pieces(request.body, has_spans=False)[1]


def asked_deeply(request: Request) -> Iterator[Piece]:
    """Every value, and behind it the values inside it."""
    todo = list(asked(request))[::-1]
    while todo:
        piece = todo.pop()
        yield piece
        if isinstance(piece.value, str):
            todo.extend(reversed(inside(piece.value, piece.place)))


def target_pieces(target: str) -> tuple[Piece, ...]:
    path, mark, query = readable(target).partition("?")
    found = [_segment(piece) for piece in path_pieces(path, ("path",))]
    if mark:
        found += parameter_pieces(query, ("query",), len(path) + 1)
    return tuple(found)


def field_pieces(key: str, n: int, value: str) -> tuple[Piece, ...]:
    """The values of one header field; `key` is lower case, and `n` counts the fields of that name."""
    if key == "authorization":
        return _authorization(value) if n == 0 else ()
    if key == "cookie":
        return tuple(_crumbs(value))
    place: Place = ("header", key, n)
    return () if is_static(place) else (Piece(place, value, 0, len(value), as_field),)


def body_pieces(body: Body, has_spans: bool = True) -> tuple[str, tuple[Piece, ...]]:
    """The body as text and the values in it; neither for what nobody here can read. Without spans JSON is faster."""
    if body.truncated or not body.data:
        return "", ()
    if body.is_json and not has_spans:
        return "", tuple(json_leaves(body))
    text = body.data.decode("utf-8", "surrogateescape")
    essence = body.media_type
    if body.is_json:
        return text, json_pieces(text, ("body",))
    if body.is_form:
        return text, tuple(parameter_pieces(text, ("form",)))
    if essence.startswith("multipart/"):
        return text, multipart_pieces(text, body.content_type)
    if essence.endswith(("/xml", "+xml")):
        return text, xml_pieces(text, ("xml",))
    if essence in _LINES:
        lines = re.finditer(r"[^\r\n]+", text)
        return text, tuple(Piece(("line", i), one[0], *one.span(), as_text) for i, one in enumerate(lines))
    longest = LONGEST_DOCUMENT if text[0] in "{[" or essence == "application/graphql" else LONGEST_TEXT
    if essence in _TEXTS and len(text) <= longest and not _NO_TEXT.search(text):
        return text, (Piece(("text",), text, 0, len(text), as_text),)
    return "", ()


def _segment(piece: Piece) -> Piece:
    """The path of a request is its own: a bare id in it is named by `noun_in_path`."""
    return Piece(piece.place, piece.value, piece.start, piece.end, piece.spell)


def _authorization(value: str) -> tuple[Piece, ...]:
    lead = len(value) - len(value.lstrip())
    scheme, mark, credentials = value.strip().partition(" ")
    if not mark:
        scheme, credentials = "", scheme
    own = credentials.strip()
    if not own:
        return ()
    start = value.index(own, lead + len(scheme))
    return (Piece(("auth", scheme.lower()), own, start, start + len(own), as_field),)


def _crumbs(value: str) -> Iterator[Piece]:
    for crumb in _CRUMB.finditer(value):
        name, mark, raw = crumb[0].partition("=")
        if mark and name.strip():
            own = raw.strip()
            start = crumb.start() + len(name) + 1 + len(raw) - len(raw.lstrip())
            yield Piece(("cookie", name.strip()), own, start, start + len(own), as_field)
