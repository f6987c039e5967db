"""What a response gives: the model's leaves, values of links, pages and XML, and values inside other ones.

Places beyond those of `model.message`, `markup` and `pieces`:

    ("link", 2, "body", "links", "self")    segment 2 of the path in the URL at body.links.self
    ("link", "cursor", "header", "link", 0) a query value of the URL there; a Link header's rel=next, else its first
    ("link", "cursor", "header", "link", 0, "last")     of another relation
    ("link", "code", "location")            a query value of Location
    ("xml", "Envelope", "Body", "id")       see `xml_spans`         ("text",)   a short text as a whole
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from replay.correlate.asked import body_pieces
from replay.correlate.credentials import is_static_response_header
from replay.correlate.inside import dig, inside, url_pieces
from replay.correlate.markup import page_leaves
from replay.correlate.pieces import kinds_beside, outer
from replay.model.codec import UndecodableError
from replay.model.exchange import Response
from replay.model.message import Leaf, body_tree, response_leaves
from replay.model.tree import Place, Scalar, at

_LONGEST_URL = 2048  # characters
_FEW = 8  # places that are remembered together
_URL_STARTS = frozenset("/hH<")
_LINK_FIELD = re.compile(r"<([^>]*)>([^<]*)")
_RELATION = re.compile(r'rel="?([\w-]+)')


class Gift(NamedTuple):
    """A value and its place. `path`: of the URL that it is a part of. `noun` and `kind`: as in `pieces.Piece`."""

    place: Place
    value: Scalar
    path: str = ""
    noun: str | None = None
    kind: str = ""

    def __repr__(self) -> str:  # the value may be a secret
        return f"Gift({len(self.place)} parts)"


def given(response: Response) -> Iterator[Gift]:
    """Every value of the response that a client could give back. Headers of the server's software are left out."""
    leaves = list(_outer_leaves(response))
    return gifts_of(response, leaves, kinds_beside(leaves))


def gifts_of(response: Response, leaves: Iterable[Leaf], kinds: Mapping[Place, str]) -> Iterator[Gift]:
    """What some of its leaves give. `kinds`: of all of them, see `pieces.kinds_beside`."""
    for place, value in leaves:
        path = _path_of(response) if place[0] == "location" and len(place) > 1 else ""
        yield Gift(place, value, path, kind=kinds.get(place, ""))
        if isinstance(value, str) and not value.isalpha():
            links = list(_in_urls(value, place)) if value[:1] in _URL_STARTS else []
            yield from links
            if not links and place[0] != "location":
                yield from _inside(value, place)


def values_at(response: Response, places: Iterable[Place]) -> dict[Place, Scalar]:
    """The values at those places; places that the response does not have are absent."""
    asked = tuple(places)
    wanted = _remembered(asked) if len(asked) <= _FEW else _by_base(asked)
    return {
        place: value
        for base, text in _values_of(response, wanted)
        for place in wanted[base]
        if (value := _dug(text, base, place)) is not None
    }


def _by_base(places: tuple[Place, ...]) -> Mapping[Place, Sequence[Place]]:
    """By the leaf that has to be read."""
    wanted: dict[Place, list[Place]] = {}
    for place in places:
        wanted.setdefault(_base_of(place), []).append(place)
    return wanted


_remembered = lru_cache(maxsize=4096)(_by_base)  # exchanges of one kind are asked for the same few places


def _values_of(response: Response, wanted: Iterable[Place]) -> Iterator[Leaf]:
    bodies = [base for base in wanted if base[0] == "body"]
    others = {base for base in wanted if base[0] != "body"}
    if bodies:
        try:
            tree = body_tree(response.body)
        except UndecodableError:
            tree = None
        for base in bodies:
            try:
                value = at(tree, base[1:])
            except KeyError:
                continue
            if not isinstance(value, (dict, list)):
                yield base, value
    if others:
        yield from ((place, value) for place, value in _outer_leaves(response, has_json=False) if place in others)


def _base_of(place: Place) -> Place:
    """The leaf that holds the value: of ("link", 2, "body", "self") it is ("body", "self")."""
    if place[0] != "link":
        return outer(place)
    rest = place[2:]
    return rest[:3] if rest[:2] == ("header", "link") else outer(rest)


def _dug(value: Scalar, base: Place, place: Place) -> Scalar:
    if place[0] != "link":
        return dig(value, base, place)
    if not isinstance(value, str):
        return None
    return next((gift.value for gift in _in_urls(value, base) if gift.place == place), None)


def _outer_leaves(response: Response, has_json: bool = True) -> Iterator[Leaf]:
    location = response.headers.get("location")
    if location:
        yield ("location",), location
    skimmed = response if has_json or not response.body.is_json else Response(response.status, response.headers)
    for place, value in response_leaves(skimmed):
        if place[0] != "header" or not is_static_response_header(str(place[1])):
            yield place, value
    if response.body.media_type == "text/html":
        yield from page_leaves(response.body.data)
    elif not response.body.is_json:
        for piece in body_pieces(response.body)[1]:
            yield piece.place, piece.value


def _inside(text: str, place: Place) -> Iterator[Gift]:
    for piece in inside(text, place):
        yield Gift(piece.place, piece.value, piece.path, piece.noun, piece.kind)
        if isinstance(piece.value, str):
            yield from _inside(piece.value, piece.place)


def _in_urls(value: str, place: Place) -> Iterator[Gift]:
    if place[:2] == ("header", "link"):
        for i, (url, relation) in enumerate(_relations(value)):
            yield from _in_url(url, place if i == 0 else (*place, relation))
    elif value.startswith(("/", "http://", "https://")) and len(value) <= _LONGEST_URL:
        yield from _in_url(value, place, with_path=place != ("location",))


def _relations(value: str) -> list[tuple[str, str]]:
    """(URL, relation) of a Link header (RFC 8288): rel=next first, so that the plain place means it."""
    found = []
    for url, parameters in _LINK_FIELD.findall(value[: 4 * _LONGEST_URL]):
        relation = _RELATION.search(parameters)
        found.append((url, relation[1] if relation else ""))
    return sorted(found, key=lambda pair: pair[1] != "next")


def _in_url(url: str, place: Place, with_path: bool = True) -> Iterator[Gift]:
    """The first value of each parameter, and the segments; of Location the model has those."""
    pieces = url_pieces(url if url.startswith(("/", "h", "H")) else "/" + url, ())
    path = next((piece.path for piece in pieces if piece.path), "")
    for piece in pieces:
        if len(piece.place) == 1:
            if with_path:
                yield Gift(("link", piece.place[0], *place), piece.value, piece.path)
        elif piece.place[1] == 0:
            yield Gift(("link", piece.place[0], *place), piece.value, path)


def _path_of(response: Response) -> str:
    url = response.headers.get("location")
    return next((piece.path for piece in url_pieces(url, ()) if piece.path), "")
