"""What a response gives: the model's leaves, and values inside links and hidden inputs.

Places beyond those of `model.message`:

    ("link", 2, "body", "links", "self")    segment 2 of the path in the URL at body.links.self
    ("link", "cursor", "header", "link", 0) a query value of the URL there; a Link header's rel=next, else its first
    ("link", "code", "location")            a query value of Location
    ("hidden", "csrf")                      a hidden input of an HTML page
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from urllib.parse import parse_qsl, urlsplit

from replay.correlate.credentials import is_static_response_header
from replay.model.codec import UndecodableError
from replay.model.endpoint import is_id_like
from replay.model.exchange import Response
from replay.model.message import Leaf, body_tree, path_segments, response_leaves
from replay.model.tree import Place, Scalar, at

_LONGEST_URL = 2048  # characters
_INPUT = re.compile(rb"<input\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(type|name|value)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", re.IGNORECASE)
_LINK_FIELD = re.compile(r"<([^>]*)>([^<]*)")


Gift = tuple[Place, Scalar, str]
"""A place, its value, and the path of the URL that the value is a segment of (empty for other values)."""


def given(response: Response) -> Iterator[Gift]:
    """Every value of the response that a client could give back. Headers of the server's software are left out."""
    location = response.headers.get("location")
    if location:
        yield from _in_url(location, ("location",), with_path=False)
    for place, value in response_leaves(response):
        if place[0] == "header" and is_static_response_header(str(place[1])):
            continue
        yield place, value, _path_of(location) if place[0] == "location" else ""
        if isinstance(value, str) and _is_url(value, place):
            yield from _in_url(_url_text(value, place), place)
    for place, value in _hidden_inputs(response):
        yield place, value, ""


def values_at(response: Response, places: Iterable[Place]) -> dict[Place, Scalar]:
    """The values at those places; places that the response does not have are absent."""
    wanted = set(places)
    found: dict[Place, Scalar] = {}
    bodies = [place for place in wanted if place[0] == "body"]
    if bodies:
        try:
            tree = body_tree(response.body)
        except UndecodableError:
            tree = None
        for place in bodies:
            try:
                value = at(tree, place[1:])
            except KeyError:
                continue
            if not isinstance(value, (dict, list)):
                found[place] = value
    if len(bodies) < len(wanted):
        found.update((place, value) for place, value, _ in given(response) if place in wanted)
    return found


def _is_url(value: str, place: Place) -> bool:
    if place[:2] == ("header", "link"):
        return True
    return value.startswith(("/", "http://", "https://")) and len(value) <= _LONGEST_URL


def _url_text(value: str, place: Place) -> str:
    if place[:2] != ("header", "link"):
        return value
    fields = _LINK_FIELD.findall(value[: 4 * _LONGEST_URL])
    following = [url for url, parameters in fields if re.search(r"rel=\"?next\b", parameters)]
    urls: list[str] = following or [url for url, _ in fields] or [""]
    return urls[0]


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _in_url(url: str, place: Place, with_path: bool = True) -> Iterator[Gift]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    if with_path:
        for i, segment in enumerate(path_segments(parts.path)):
            if is_id_like(segment):
                yield ("link", i, *place), segment, parts.path
    seen: set[str] = set()
    for name, value in parse_qsl(parts.query):
        if name not in seen:
            seen.add(name)
            yield ("link", name, *place), value, ""


def _hidden_inputs(response: Response) -> Iterator[Leaf]:
    if response.body.media_type != "text/html":
        return
    seen: set[str] = set()
    for tag in _INPUT.findall(response.body.data):
        attributes = _ATTRIBUTE.findall(tag.decode("utf-8", "replace"))
        named = {name.lower(): unescape(value.strip("\"'")) for name, value in attributes}
        name = named.get("name", "")
        if named.get("type", "").lower() == "hidden" and name and name not in seen:
            seen.add(name)
            yield ("hidden", name), named.get("value", "")
