"""The document in a body, parsed once: every stage of comparing asks for the same bodies again.

Rule: a tree that comes from here is shared; nobody changes it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from replay.diff.bodies.limits import UnreadableBodyError
from replay.diff.bodies.reading import read_body
from replay.model.body import Body
from replay.model.codec import UndecodableError, parse_json
from replay.model.tree import Tree

_MOST_BYTES = 4 * 1024 * 1024  # of text; its trees take about seven times as much


class Document(NamedTuple):
    """A document (which may be null), and whether true or false may occur in it: Python takes 1 for True."""

    tree: Tree
    has_truth: bool


@dataclass(slots=True, repr=False)
class Documents:
    """The documents that were read last, by their text. None is remembered, too: of what cannot be read."""

    most_bytes: int = _MOST_BYTES
    _known: OrderedDict[bytes, Document | None] = field(default_factory=OrderedDict)
    size_bytes: int = 0

    def json(self, data: bytes) -> Document | None:
        try:
            return self._known[data]
        except KeyError:
            return self._kept(data, _parsed(data))

    def other(self, body: Body) -> Document | None:
        """A body of any type: the type says how it is read, and is a part of the key."""
        key = body.content_type.encode("utf-8", "replace") + b"\n" + body.data
        try:
            return self._known[key]
        except KeyError:
            return self._kept(key, _read(body))

    def _kept(self, data: bytes, found: Document | None) -> Document | None:
        self._known[data] = found
        self.size_bytes += len(data)
        while self.size_bytes > self.most_bytes:
            self.size_bytes -= len(self._known.popitem(last=False)[0])
        return found

    def __len__(self) -> int:
        return len(self._known)


def _parsed(data: bytes) -> Document | None:
    try:
        return Document(parse_json(data), b"true" in data or b"false" in data)
    except UndecodableError:
        return None


def _read(body: Body) -> Document | None:
    try:
        return Document(read_body(body), True)
    except UnreadableBodyError:
        return None


_documents = Documents()


def read_tree(body: Body) -> Document | None:
    """The document in a body; None when there is none to read, or not all of it."""
    if body.truncated or not body.data:
        return None
    return _documents.json(body.data) if body.is_json else _documents.other(body)
