"""Routes as a policy writes them: `GET /users/{id}/**`.

`{name}` and `*` stand for one segment, `**` for any number of them. Without a method, or with `*`, any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from replay.redact.vocabulary import METHODS

_METHOD = re.compile(r"[A-Z][A-Z-]{1,15}|\*")
_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.-]*)\}")
_REST = "**"
_FORM = 'has a route that is none: write "GET /users/{id}/**", the method may be left out'


@dataclass(frozen=True, slots=True)
class RoutePattern:
    """`segments` are words, `{name}`, `*` or `**` (at most once)."""

    method: str  # empty: every one
    segments: tuple[str, ...]

    def matches(self, method: str, segments: Sequence[str]) -> bool:
        """`segments` of a path, percent-decoded."""
        if self.method and method != self.method:
            return False
        if _REST not in self.segments:
            return len(segments) == len(self.segments) and all(map(_takes, self.segments, segments))
        at = self.segments.index(_REST)
        head, tail = self.segments[:at], self.segments[at + 1 :]
        if len(segments) < len(head) + len(tail):
            return False
        return all(map(_takes, head, segments)) and all(
            map(_takes, tail, segments[len(segments) - len(tail) :] if tail else ())
        )

    def index_of(self, name: str) -> int | None:
        """Where `{name}` stands among the segments, counted from the end (-1) behind a `**`; None: nowhere."""
        wanted = f"{{{name}}}"
        if wanted not in self.segments:
            return None
        at = self.segments.index(wanted)
        return at - len(self.segments) if _REST in self.segments[:at] else at

    @property
    def specificity(self) -> tuple[int, int, int]:
        """More words first, then a fixed length, then a method."""
        words = sum(not _is_open(one) for one in self.segments)
        return 1 + words, int(_REST not in self.segments), int(bool(self.method))

    def __str__(self) -> str:
        return f"{self.method or '*'} /{'/'.join(self.segments)}"


def parse_route(text: str) -> RoutePattern:
    """Raises ValueError with the second half of a sentence."""
    bare = text.strip()
    method, _, path = ("", "", bare) if bare.startswith("/") else bare.partition(" ")
    path = path.strip()
    if (method and not _METHOD.fullmatch(method)) or not path.startswith("/"):
        raise ValueError(_FORM)
    if method not in ("", "*") and method not in METHODS:
        raise ValueError("can never match: no request is recorded with that method")
    segments = tuple("{id}" if one == "{}" else one for one in path[1:].split("/"))
    if segments.count(_REST) > 1 or any(_REST in one and one != _REST for one in segments):
        raise ValueError("has a route with ** more than once or inside a segment")
    if any("?" in one or "#" in one for one in segments):
        raise ValueError("has a route with a query: name the parameter instead, as in query page")
    return RoutePattern("" if method == "*" else method, segments)


def segments_of(path: str) -> tuple[str, ...]:
    """Of a path with or without a query."""
    bare = path.partition("?")[0]
    pieces = bare.removeprefix("/").split("/")
    return tuple(map(unquote, pieces)) if "%" in bare else tuple(pieces)


def overlap(one: RoutePattern, other: RoutePattern) -> bool:
    """True when some request is on both routes."""
    if one.method and other.method and one.method != other.method:
        return False
    return _meet(one.segments, other.segments)


def is_known(pattern: RoutePattern, routes: Iterable[RoutePattern]) -> bool:
    """True when one of `routes` can be meant."""
    return any(overlap(pattern, route) for route in routes)


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    todo, seen = [(0, 0)], {(0, 0)}
    while todo:
        i, j = todo.pop()
        if i == len(one) and j == len(other):
            return True
        here, there = one[i : i + 1], other[j : j + 1]
        moves = []
        if here == (_REST,):
            moves.append((i + 1, j))
            moves += [(i, j + 1)] if there else []
        if there == (_REST,):
            moves.append((i, j + 1))
            moves += [(i + 1, j)] if here else []
        if here and there and (_is_open(here[0]) or _is_open(there[0]) or here == there):
            moves.append((i + 1, j + 1))
        for found in moves:
            if found not in seen:
                seen.add(found)
                todo.append(found)
    return False


def _is_open(segment: str) -> bool:
    return segment in ("*", _REST) or _VARIABLE.fullmatch(segment) is not None


def _takes(wanted: str, segment: str) -> bool:
    return wanted == segment or (segment != "" and _is_open(wanted))
