"""MessagePack and CBOR as the JSON-like trees that they carry; bytes by digest, keys as text.

Rule: the decoder is told no type of ours, and what it makes is copied within bounds: references may make of a few
bytes a tree of billions of leaves.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from replay.diff.bodies.limits import MOST_DEPTH, MOST_PARTS, UnreadableBodyError
from replay.model.tree import Tree

_MOST_INT = (1 << 63) - 1  # what the JSON that trees are compared as can hold
NEEDS_EXTRA = "needs the extra replay-proxy[bodies]"


def read_msgpack(data: bytes, _charset: str) -> Tree:
    module = _module("msgpack")
    return _decoded(lambda: module.unpackb(data, raw=False, strict_map_key=False, unicode_errors="replace"))


def read_cbor(data: bytes, _charset: str) -> Tree:
    module = _module("cbor2")
    return _decoded(lambda: module.loads(data))


@lru_cache(maxsize=4)
def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UnreadableBodyError(NEEDS_EXTRA) from None


def _decoded(decode: Callable[[], object]) -> Tree:
    try:
        found = decode()
    except Exception:  # noqa: BLE001 - decoders raise their own kinds of errors, and those of every type they build
        raise UnreadableBodyError("not in its format") from None
    return _Copy().tree(found, 0)


class _Copy:
    """Counts what it copies."""

    def __init__(self) -> None:
        self.parts = 0

    def tree(self, value: object, depth: int) -> Tree:
        self.parts += 1
        if self.parts > MOST_PARTS or depth > MOST_DEPTH:
            raise UnreadableBodyError("too many parts, or nested too deeply")
        if value is None or isinstance(value, bool | float | str):
            return value
        if isinstance(value, int):
            return value if -_MOST_INT <= value <= _MOST_INT else hex(value)
        if isinstance(value, dict):
            return {_key(key): self.tree(one, depth + 1) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(one, depth + 1) for one in value]
        return _leaf(value)


def _key(key: object) -> str:
    return key if isinstance(key, str) else str(_leaf(key))


def _leaf(value: object) -> str:
    """Bytes by their digest; times, decimals and tags as they are written."""
    if isinstance(value, bytes):
        return f"bytes:{hashlib.sha256(value).hexdigest()}"
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat()) if isoformat else str(value)[:1000]
