"""The leaves of a JSON text with their spans, so that one can be replaced without writing the document anew.

Rule: the same leaves as `model.codec` parses, in the same order; of duplicate keys only the last one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from replay.correlate.pieces import Piece, as_json, kinds_beside
from replay.model.body import Body
from replay.model.codec import UndecodableError, parse_json
from replay.model.message import body_tree
from replay.model.tree import Place, Scalar, Tree, at, leaves

_TOKEN = re.compile(r'[ \t\r\n]*+(?:("(?:[^"\\]++|\\.)*+")|([{}\[\],:])|([^\s{}\[\],:"]++))')


def json_pieces(text: str, place: Place) -> tuple[Piece, ...]:
    """Every scalar of the document; nothing when the text is none."""
    try:
        tree = parse_json(text.encode())
    except (UndecodableError, UnicodeEncodeError):
        return ()
    found = tuple(scalars(text, tree, place))
    kinds = kinds_beside((piece.place, piece.value) for piece in found)
    return tuple(piece._replace(kind=kinds[piece.place]) if piece.place in kinds else piece for piece in found)


def json_leaves(body: Body) -> Iterator[Piece]:
    """The same without spans, for who only reads."""
    try:
        found = list(leaves(body_tree(body), ("body",)))
    except UndecodableError:
        return
    kinds = kinds_beside(found)
    for place, value in found:
        yield Piece(place, value, 0, 0, as_json, kind=kinds.get(place, ""))


def scalars(text: str, tree: Tree, prefix: Place) -> Iterator[Piece]:
    """The pieces of a text that was parsed into `tree`."""
    last: dict[Place, tuple[int, int]] = {}
    for place, start, end in _spans(text):
        last.pop(place, None)
        last[place] = (start, end)
    for place, (start, end) in last.items():
        value = _scalar(tree, place)
        if value is not _NO_SCALAR:
            yield Piece((*prefix, *place), value, start, end, as_json)  # type: ignore[arg-type] # a scalar, told above


_NO_SCALAR = object()  # a key that came again with an object: the earlier scalar does not count


def _scalar(tree: Tree, place: Place) -> Scalar | object:
    try:
        value = at(tree, place)
    except KeyError:
        return _NO_SCALAR
    return _NO_SCALAR if isinstance(value, (dict, list)) else value


def _spans(text: str) -> Iterator[tuple[Place, int, int]]:
    """(place, start, end) of every scalar; the text is known to be a document."""
    place: list[str | int] = []
    is_object: list[bool] = []
    wants_key = False
    for token in _TOKEN.finditer(text):
        string, mark, bare = token.groups()
        if mark == "{":
            is_object.append(True)
            place.append("")
            wants_key = True
        elif mark == "[":
            is_object.append(False)
            place.append(0)
            wants_key = False
        elif mark in {"}", "]"}:
            is_object.pop()
            place.pop()
            wants_key = False
        elif mark == ",":
            wants_key = is_object[-1]
            if not wants_key:
                place[-1] = int(place[-1]) + 1
        elif string and wants_key:
            place[-1] = orjson.loads(string)
            wants_key = False
        elif string or bare:
            yield tuple(place), token.start(1 if string else 3), token.end()
