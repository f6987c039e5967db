"""Objects that name a key twice: parsers keep the last one, so two documents can look equal that were not sent equal.

Looked for where the texts differ and the documents are equal: elsewhere there is nothing to add.
"""

from __future__ import annotations

import json

import orjson

from replay.diff.walk import walk
from replay.model.tree import Tree

_COLON_ESCAPED = b"\\u003"


def hides_a_difference(left: bytes, right: bytes, tree: Tree) -> bool:
    """True when JSON texts that both read as `tree` differ in what the last of equal keys hides."""
    if not (_may_repeat(left, tree) or _may_repeat(right, tree)):
        return False
    return bool(walk(_in_full(left), _in_full(right), ""))


def _may_repeat(data: bytes, tree: Tree) -> bool:
    """A member that is lost takes its colon along. Colons in texts are there before and after."""
    try:
        return _COLON_ESCAPED in data or data.count(b":") != orjson.dumps(tree).count(b":")
    except (TypeError, orjson.JSONEncodeError):  # integers beyond 64 bits
        return True


def _in_full(data: bytes) -> Tree:
    """Every object with all values of each key. The text was read before: it is JSON, and not too deep."""
    found: Tree = json.loads(data, object_pairs_hook=_gathered)
    return found


def _gathered(pairs: list[tuple[str, Tree]]) -> dict[str, list[Tree]]:
    out: dict[str, list[Tree]] = {}
    for key, value in pairs:
        out.setdefault(key, []).append(value)
    return out
