"""JSON text to trees and back, without the silent losses of a fast parser.

orjson reads integers beyond 64 bits as floats and cannot dump below depth 254 (measured; see docs/decisions/0002):
documents with long digit runs take the exact, slower path of the standard library, and deeper ones are not parsed.

Rule: both paths accept the same documents: UTF-8 without a byte order mark, no NaN, no lone surrogates. Of duplicate
keys the last one counts.
"""

from __future__ import annotations

import json
import re

import orjson

from replay.model.tree import Tree

MAX_DEPTH = 200  # orjson dumps 254 levels; and a walker may spend three of Python's 1000 frames on one level
_ZEROS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))  # 190 -> 16 us in 20 KB beside a regex
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)  # the end is optional: else unclosed strings cost n squared
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class UndecodableError(ValueError):
    """The bytes are not JSON (or nest too deeply). Carries no text of the document."""


def parse_json(data: bytes) -> Tree:
    """A tree. Raises UndecodableError, which never quotes the data."""
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and depth_bound(data) > MAX_DEPTH:
        raise UndecodableError("nested too deeply")
    try:
        tree: Tree = orjson.loads(data)
        return json.loads(data) if b"0" * 19 in data.translate(_ZEROS) else tree
    except (ValueError, RecursionError):
        raise UndecodableError("not JSON") from None


def dump_json(tree: Tree) -> bytes:
    """Compact UTF-8 JSON, keys in the tree's order."""
    try:
        return orjson.dumps(tree)
    except (TypeError, RecursionError):  # integers beyond 64 bits, lone surrogates, more than 254 levels
        return json.dumps(tree, separators=(",", ":"), ensure_ascii=True).encode()


def depth_bound(data: bytes) -> int:
    """An upper bound of the nesting depth; exact when it matters (above MAX_DEPTH), cheap when it does not."""
    brackets = data.count(b"[") + data.count(b"{")
    if brackets <= MAX_DEPTH:
        return brackets
    bound = _deepest(data)
    return bound if bound <= MAX_DEPTH else _deepest(_STRING.sub(b"", data))


def _deepest(data: bytes) -> int:
    """How many brackets are open at most, wherever they stand."""
    depth = deepest = 0
    for bracket in data.translate(None, _NO_BRACKETS):
        if bracket in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest
