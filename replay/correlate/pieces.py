"""A text and the values that stand in it: each with its place, its span, and how another value is written there.

Places are those of `model.message`; a value inside another one has the outer place, a mark, and its own place:

    ("query", "cursor", 0, "(base64)", "(json)", "id")     in base64 of {"id": 17}
    ("header", "if-match", 0, "(quoted)")                  between the quotes
    ("body", "ref", "(part)", 1)                           the 17 of user-17

Rule: reading a text and writing every value back gives the same text, up to the freedom of its writing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from replay.model.codec import dump_json
from replay.model.message import text_of
from replay.model.tree import Place, Scalar

Spell = Callable[[Scalar], str]
"""How a value is written into the text around it."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
SEALED = frozenset({"(json)", "(base64)", "(jwt)", "(graphql)", "(xml)"})  # documents: names outside stay outside
MARKS = SEALED | {"(form)", "(link)", "(parameter)", "(part)", "(percent)", "(quoted)", "(url)"}
_UNENCODED = frozenset("!$'()*,/:;?@[]{}|")
_KINDS = frozenset({"type", "_type", "@type", "__typename", "kind", "object"})
IDS = frozenset({"id", "_id", "uuid", "key"})
_SEGMENT_SAFE = "!$&'()*+,;=:@~-._"  # RFC 3986 section 3.3


class Piece(NamedTuple):
    """`start` and `end` count characters of the text around it.

    `noun`: what the text around it says that it names, "" when it says that nobody knows, None when the place decides.
    `path`: of the URL that it is a segment of, else empty. `kind`: the type that a document names beside it
    (`{"type": "people", "id": 7}`), else empty.
    """

    place: Place
    value: Scalar
    start: int
    end: int
    spell: Spell
    noun: str | None = None
    path: str = ""
    kind: str = ""

    def __repr__(self) -> str:  # the value may be a secret
        return f"Piece({len(self.place)} parts, {self.end - self.start} characters)"


def is_mark(part: str | int) -> bool:
    """True for the mark before a place inside a value."""
    return part in MARKS


def depth_of(place: Place) -> int:
    """How many values have to be opened to reach the place."""
    return 0 if MARKS.isdisjoint(place) else sum(map(is_mark, place))


def outer(place: Place) -> Place:
    """The place of the value that has to be opened first; the place itself when none has."""
    if MARKS.isdisjoint(place):
        return place
    return next(place[:i] for i, part in enumerate(place) if is_mark(part))


def spoken(place: Place) -> Place:
    """The place as names speak of it: without marks, and without what stands outside of a document."""
    if MARKS.isdisjoint(place):
        return place
    sealed = max((i + 1 for i, part in enumerate(place) if part in SEALED), default=0)
    head = place[:1] if sealed else ()
    rest = tuple(part for part in place[sealed:] if not is_mark(part))
    if not any(isinstance(part, str) for part in rest):  # nothing is named inside: the key outside speaks
        return tuple(part for part in place if not is_mark(part))
    return head + rest


def as_text(value: Scalar) -> str:
    return text_of(value)


def as_field(value: Scalar) -> str:
    """A header field is one line (RFC 9110 section 5.5)."""
    text = text_of(value)
    return text if text.isprintable() else _CONTROL.sub(" ", text)


def as_segment(value: Scalar) -> str:
    text = text_of(value)
    return text if text.isalnum() and text.isascii() else quote(text, safe=_SEGMENT_SAFE, errors="replace")


def as_parameter(value: Scalar, safe: str = "") -> str:
    text = text_of(value)
    return text if text.isalnum() and text.isascii() else quote(text, safe=safe, errors="replace")


def parameter_writer(raw: str) -> Spell:
    """Marks that the sender did not encode are not encoded."""
    safe = "".join(sorted(_UNENCODED & set(raw)))
    return partial(as_parameter, safe=safe) if safe else as_parameter


def as_json(value: Scalar) -> str:
    return str(value) if value.__class__ is int else dump_json(value).decode()


def as_markup(value: Scalar) -> str:
    return escape(text_of(value))


def kind_among(members: Mapping[str, object]) -> str:
    """The type that an object names, as `kinds_beside` finds it; empty when it names none."""
    return next((value for key, value in members.items() if key in _KINDS and isinstance(value, str)), "")


def kinds_beside(leaves: Iterable[tuple[Place, Scalar]]) -> dict[Place, str]:
    """For every id that stands beside a type (JSON:API and others): that type."""
    kinds: dict[Place, str] = {}
    ids: list[Place] = []
    for place, value in leaves:
        if place[-1] in _KINDS and isinstance(value, str) and len(place) > 1:
            kinds.setdefault(place[:-1], value)
        elif place[-1] in IDS:
            ids.append(place)
    return {place: kinds[place[:-1]] for place in ids if place[:-1] in kinds}
