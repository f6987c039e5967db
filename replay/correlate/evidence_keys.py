"""Under which keys a value is known: the same key on both sides is the evidence of a binding.

Rule: strong text is its own key, weak text needs a noun; partners name each other, whatever their value:

    ("cookie:", name, text)   a cookie and its Set-Cookie      ("etag:", tag)   a validator and its ETag
    ("field:", name, text)    a form field and the hidden field of a page
    ("url:", path, i, text)   a segment or parameter of a link, and of the request that follows it
    ("name:", name, text)     a long number or a time that stands under one name on both sides (expires, updated_at);
                              elements of lists give none: rows often share a time
"""

from __future__ import annotations

import re
from typing import TypeAlias

from replay.correlate.answers import Gift
from replay.correlate.nouns import Family, named_by, noun_at, noun_in_path, singular_of, snake
from replay.correlate.pieces import Piece, depth_of, spoken
from replay.correlate.shapes import Strength, canonical, strength
from replay.model.endpoint import is_id_like
from replay.model.tree import Place

Key: TypeAlias = "str | tuple[str, ...]"

_VALIDATORS = frozenset({"if-match", "if-none-match"})
_DOCUMENTS = frozenset({"body", "xml", "line"})
_SHORTEST_TELLING = 6
_SHORTEST_PARAMETER = 4  # characters
_TELLING = re.compile(r"\d{6,}|\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d\S*")  # six digits, or a time to the second
_VERSION = re.compile(r"v\d+(\.\d+)*", re.IGNORECASE)
_COUNTS = re.compile(
    r"(.*_)?(amount|count|total|size|length|limit|offset|page|per_page|price|cost|sum|balance|quantity|qty|year|width|height"
    r"|postcode|zip|phone|mobile|fax|lat|lng|lon|latitude|longitude)(_.*)?|bytes|number|value"
)


class Keys:
    """Keys of both sides, with people's many names as one."""

    def __init__(self, family: Family) -> None:
        self._family = family

    def of_request(self, piece: Piece, path: str) -> tuple[list[Key], str]:
        """Under what a request value may be known, best first, and the noun that it speaks of."""
        text = canonical(piece.value)
        if not text:
            return [], ""
        partner = _request_partner(piece.place, text)
        others = _joined(_followed(piece.place, text, path), _by_name(piece.place, text))
        if not partner and not others and strength(text) is Strength.NEVER:
            return [], ""
        noun = _noun_of_request(piece, text, path)
        return self._keys(text, noun, piece.kind, partner, others), noun

    def of_answer(self, gift: Gift, path: str) -> tuple[list[Key], str]:
        """The same of a response value."""
        text = canonical(gift.value)
        if not text or (len(text) < _SHORTEST_TELLING and gift.place[0] == "body" and strength(text) is Strength.NEVER):
            return [], ""
        partner = _answer_partner(gift.place, text)
        is_one_of_many = gift.place[0] in _DOCUMENTS and any(isinstance(part, int) for part in gift.place)
        others = _joined(_offered(gift, text), () if is_one_of_many else _by_name(gift.place, text))
        if not partner and not others and strength(text) is Strength.NEVER:
            return [], ""
        noun = _noun_of_answer(gift, text, path)
        return self._keys(text, noun, gift.kind, partner, others), noun

    def _keys(self, text: str, noun: str, kind: str, partner: Key, others: list[Key]) -> list[Key]:
        """Empty for values whose equality is chance."""
        keys: list[Key] = [partner] if partner else []
        shape = strength(text)
        if shape is Strength.STRONG:
            keys.append(text)
        elif shape is Strength.WEAK:
            names = [noun, singular_of(kind)] if kind else [noun]
            keys += dict.fromkeys((self._family.canonical(name), text) for name in names if name)
        return keys + others


def _joined(*keys: Key) -> list[Key]:
    return [key for key in keys if key]


def _request_partner(place: Place, text: str) -> Key:
    kind = place[0]
    if kind == "cookie" and len(place) == 2:
        return "cookie:", str(place[1]), text
    if kind in {"form", "part"} and not depth_of(place):
        return "field:", str(place[1]), text
    return ("etag:", text) if kind == "header" and place[1] in _VALIDATORS else ()


def _answer_partner(place: Place, text: str) -> Key:
    kind = place[0]
    if kind == "set-cookie" and len(place) == 2:
        return "cookie:", str(place[1]), text
    if kind == "hidden" and len(place) == 2:
        return "field:", str(place[1]), text
    return ("etag:", text) if place[:2] == ("header", "etag") else ()


def _followed(place: Place, text: str, path: str) -> Key:
    """What the request would have in common with the link that it follows."""
    if len(place) == 2 + (place[0] == "query") and place[0] in {"path", "query"} and _is_telling(place[1], text):
        return "url:", path, str(place[1]), text
    return ()


def _offered(gift: Gift, text: str) -> Key:
    place = gift.place
    if not gift.path or not text:
        return ()
    part = place[1] if place[0] in {"link", "location"} else place[-1]
    return ("url:", gift.path, str(part), text) if _is_telling(part, text) else ()


def _is_telling(part: str | int, text: str) -> bool:
    """Words are the API's own, and so are `v2`, page=2 and size=10."""
    if not any(mark.isdigit() for mark in text):
        return False
    if isinstance(part, int):
        return not _VERSION.fullmatch(text)
    return named_by(part) is not None or (len(text) >= _SHORTEST_PARAMETER and not _COUNTS.fullmatch(snake(part)))


def _by_name(place: Place, text: str) -> Key:
    if len(text) < _SHORTEST_TELLING or not text[0].isdigit() or not _TELLING.fullmatch(text):
        return ()
    named = place[:2] if place[0] == "link" else spoken(place)
    name = snake(next((part for part in reversed(named[1:]) if isinstance(part, str)), ""))
    return ("name:", name, text) if name and not _COUNTS.fullmatch(name) else ()


def _noun_of_request(piece: Piece, text: str, path: str) -> str:
    place = piece.place
    if piece.noun is not None:
        return piece.noun
    if piece.path:
        return noun_in_path(piece.path, int(place[-1])) if is_id_like(text) else ""
    if place[0] == "path" and len(place) == 2:
        return noun_in_path(path, int(place[1])) if is_id_like(text) else ""
    if place[0] == "auth" and len(place) == 2:
        return "token" if len(text) >= 6 else ""
    return noun_at(spoken(place), text, path)


def _noun_of_answer(gift: Gift, text: str, path: str) -> str:
    place = gift.place
    if gift.noun is not None:
        return gift.noun
    index = place[1] if place[0] in {"link", "location"} and len(place) > 1 else place[-1]
    if gift.path and isinstance(index, int):
        return noun_in_path(gift.path, index) if is_id_like(text) else ""
    if place[0] == "link":
        return noun_at(place[:2], text, path) if isinstance(place[1], str) else ""
    return noun_at(spoken(place), text, path)
