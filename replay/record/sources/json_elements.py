"""The elements of one long JSON array (or of many documents in a row), one at a time, as bytes.

A HAR is a single JSON object of any size. A streaming parser such as ijson keeps memory flat between elements but has
no limit on one: a string of gigabytes is built before anybody can refuse it. So this finds where each element begins
and ends, counts its bytes, and leaves its content to a fast parser.

    {"log": {"version": ..., "entries": [ {...}, {...} ]}}        keys = ("log", "entries")
                                          ^^^^^  ^^^^^
    {...} {...}\\n{...}                                           keys = ()

Rule: bytes in, elements out, no io; memory is one element of at most the limit, whatever the nesting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from replay.model.codec import MAX_DEPTH, UndecodableError, depth_bound, parse_json
from replay.record.sources.contract import LONGEST_RECORD_BYTES, Skipped
from replay.record.sources.cuts import TOO_LONG

NOT_AN_ENTRY = Skipped("not-an-entry")
_MOST_VALUES = 1_000_000  # in one record; each costs some 60 bytes once parsed
_INNER = re.compile(rb'"(?:[^"\\]++|\\.)*+("?)|[{}\[\]]', re.DOTALL)
_OUTER = re.compile(rb'"((?:[^"\\]++|\\.)*+)("?)|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
_REST = re.compile(rb'((?:[^"\\]++|\\.)*+)("?)', re.DOTALL)
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_QUOTE, _OPENING, _CLOSING = ord('"'), frozenset(b"[{"), frozenset(b"]}")
_KEY_BYTES = 64  # no key that we look for is longer


class ElementSplitter:
    """Feed it pieces of the file; `found` and `is_whole` tell in the end whether there was such an array."""

    def __init__(self, keys: tuple[str, ...], limit_bytes: int = LONGEST_RECORD_BYTES) -> None:
        self._keys = tuple(key.encode() for key in keys)
        self._home = len(keys) + 1 if keys else 0  # open brackets around an element
        self._limit_bytes = limit_bytes
        self._depth = 0
        self._matched = 0  # how many of the keys lead to where we are
        self._string = b""  # the last string outside of elements, cut
        self._key = b""
        self._in_string = False
        self._in_element = False
        self._in_scalar = False  # a number or word, which a piece's end may have cut in two
        self._carry = b""  # a lone backslash at the end of a piece
        self._pieces: list[bytes] = []
        self._held_bytes = 0
        self.found = not keys

    @property
    def is_whole(self) -> bool:
        """False while brackets are open."""
        return self._depth <= 0 and not self._in_string

    def feed(self, piece: bytes) -> Iterator[bytes | Skipped]:
        """Every element that this piece completes."""
        data, self._carry = self._carry + piece, b""
        at = 0
        while at < len(data):
            if self._in_string:
                at = self._end_string(data, at)
            elif self._in_element:
                at, is_complete = self._inside(data, at)
                if is_complete:
                    yield self._element()
            else:
                at, is_scalar = self._outside(data, at)
                if is_scalar:
                    yield NOT_AN_ENTRY

    def _end_string(self, data: bytes, at: int) -> int:
        match = _REST.match(data, at)
        assert match
        if self._in_element:
            self._hold(data[at : match.end()])
        elif len(self._string) < _KEY_BYTES:
            self._string += match[1][:_KEY_BYTES]
        self._in_string = not match[2]
        return self._stop(data, match.end())

    def _stop(self, data: bytes, end: int) -> int:
        """Inside a string that goes on in the next piece, a backslash at the very end waits for it."""
        if not self._in_string:
            return end
        self._carry = data[end:]
        return len(data)

    def _inside(self, data: bytes, at: int) -> tuple[int, bool]:
        """(How far the element goes in this piece, whether it ends there)."""
        depth = self._depth
        for match in _INNER.finditer(data, at):
            first = data[match.start()]
            if first == _QUOTE:
                if not match[1]:
                    self._depth, self._in_string = depth, True
                    self._hold(data[at : match.end()])
                    return self._stop(data, match.end()), False
            elif first in _OPENING:
                depth += 1
            else:
                depth -= 1
                if depth == self._home:
                    self._depth, self._in_element = depth, False
                    self._hold(data[at : match.end()])
                    return match.end(), True
        self._depth = depth
        self._hold(data[at:])
        return len(data), False

    def _outside(self, data: bytes, at: int) -> tuple[int, bool]:
        """One token around the elements: (where it ends, whether it is an element that is no object)."""
        match = _OUTER.search(data, at)
        if match is None:
            return len(data), False
        first, is_home = data[match.start()], self._is_home()
        if first == _QUOTE:
            self._string, self._in_string = match[1][:_KEY_BYTES], not match[2]
            return self._stop(data, match.end()), is_home
        if first in _OPENING:
            return self._open(match, is_home), False
        was_scalar, self._in_scalar = self._in_scalar, False
        if first in _CLOSING:
            self._depth = max(0, self._depth - 1)
            self._matched = max(0, min(self._matched, self._depth - 1))
        elif first == ord(":"):
            self._key = self._string
        elif first == ord(","):
            self._key = b""
        else:
            self._in_scalar = True
            return match.end(), is_home and not was_scalar and match[0] != b"\xef\xbb\xbf"
        return match.end(), False

    def _open(self, match: re.Match[bytes], is_home: bool) -> int:
        self._in_scalar = False
        if is_home:
            self._in_element = True
            self._depth += 1
            self._hold(match[0])
            return match.end()
        step = self._depth - 1
        if 0 <= step < len(self._keys) and self._matched == step and self._key == self._keys[step]:
            self._matched = self._depth
        self._depth += 1
        self.found = self.found or self._is_home()
        return match.end()

    def _is_home(self) -> bool:
        return self._depth == self._home and self._matched == len(self._keys)

    def _hold(self, piece: bytes) -> None:
        self._held_bytes += len(piece)
        if self._held_bytes > self._limit_bytes:
            self._pieces.clear()
        else:
            self._pieces.append(piece)

    def _element(self) -> bytes | Skipped:
        held, self._held_bytes = self._held_bytes, 0
        out = b"".join(self._pieces)
        self._pieces.clear()
        return TOO_LONG if held > self._limit_bytes else out


def read_record(data: bytes) -> dict[str, Any] | Skipped:
    """One JSON object. Forgives what real tools write: control characters, and bytes that are no UTF-8 (kept as lone
    surrogates)."""
    if depth_bound(data) > MAX_DEPTH:
        return Skipped("nested-too-deeply")
    if _values_bound(data) > _MOST_VALUES:
        return Skipped("too-many-values")
    try:
        tree = _parsed(data)
    except (ValueError, RecursionError):
        return Skipped("unreadable")
    return tree if isinstance(tree, dict) else NOT_AN_ENTRY


def _parsed(data: bytes) -> Any:
    try:
        return parse_json(data)
    except UndecodableError:
        return json.loads(data.decode("utf-8", "surrogateescape"), strict=False, parse_constant=_refuse)


def _refuse(_: str) -> None:
    raise ValueError("no JSON number")


def _values_bound(data: bytes) -> int:
    """At least as many values as there are; commas inside of strings are looked at only when it matters."""
    marks = data.count(b",") + data.count(b"[") + data.count(b"{")
    if marks <= _MOST_VALUES:
        return marks
    bare = _STRING.sub(b"", data)
    return bare.count(b",") + bare.count(b"[") + bare.count(b"{")
