"""The `map` of a GraphQL upload: which part of the form stands at which path of the variables.

    {"0": ["variables.input.file"], "1": ["variables.files.0"]}      part names, and names with marks between them

Paths are rewritten name by name, so that they still meet the keys of the `operations` beside them.
"""

from __future__ import annotations

from replay.model.codec import dump_json, parse_json
from replay.model.tree import Tree
from replay.redact.desk import Desk, UnreadableError


def rewritten_upload_map(desk: Desk, data: bytes, place: str) -> bytes:
    """Raises UnreadableError and UndecodableError."""
    tree = parse_json(data)
    if not isinstance(tree, dict):
        raise UnreadableError("map")
    return dump_json({desk.name(part, place): _paths(desk, paths, place) for part, paths in tree.items()})


def _paths(desk: Desk, paths: Tree, place: str) -> Tree:
    if not isinstance(paths, list):
        raise UnreadableError("map")
    return [_path(desk, path, place) for path in paths]


def _path(desk: Desk, path: Tree, place: str) -> str:
    if not isinstance(path, str):
        raise UnreadableError("map")
    return ".".join(_piece(desk, piece, place) for piece in path.split("."))


def _piece(desk: Desk, piece: str, place: str) -> str:
    """An index of a list stays; it counts files of one upload."""
    return piece if piece.isdigit() and len(piece) < 4 else desk.name(piece, place)
