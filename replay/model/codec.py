"""JSON text to trees and back, without the silent losses of a fast parser.

orjson reads integers beyond 64 bits as floats, keeps the last of duplicate keys and cannot dump below depth 254
(measured; see docs/decisions/0002). Such documents take the exact, slower path of the standard library.
"""

from __future__ import annotations

import json
import re

import orjson

from replay.model.tree import Tree

MAX_DEPTH = 900  # deeper documents are not parsed: the standard library recurses
_LONG_DIGITS = re.compile(rb"\d{19}")


class UndecodableError(ValueError):
    """The bytes are not JSON (or nest too deeply). Carries no text of the document."""


def parse_json(data: bytes) -> Tree:
    """A tree. Raises UndecodableError, which never quotes the data."""
    if depth_bound(data) > MAX_DEPTH:
        raise UndecodableError("nested too deeply")
    try:
        if _LONG_DIGITS.search(data):
            return json.loads(data)  # type: ignore[no-any-return]
        return orjson.loads(data)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        raise UndecodableError("not JSON") from None


def dump_json(tree: Tree) -> bytes:
    """Compact UTF-8 JSON, keys in the tree's order."""
    try:
        return orjson.dumps(tree)
    except (TypeError, orjson.JSONEncodeError, RecursionError):
        return json.dumps(tree, separators=(",", ":"), ensure_ascii=True).encode()


def depth_bound(data: bytes) -> int:
    """An upper bound of the nesting depth: how many brackets are open at most, strings not excluded."""
    opened = data.count(b"[") + data.count(b"{")
    if opened <= MAX_DEPTH:
        return opened
    depth = deepest = 0
    for byte in data:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
