"""Names and texts of one raw exchange with their places, as redaction writes places: what `learn` counts.

Path, query, headers, cookies, forms, JSON, and whatever else redaction's readers take apart: XML, tables, event
streams, GraphQL, multipart forms. What is not read is not learned, and so stays a stand-in.

Rule: pure and total; nothing is kept. A name that is data makes its place data as well: whoever keeps a place looks
at each of its names first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from replay.model.body import Body
from replay.model.codec import UndecodableError
from replay.model.endpoint import is_id_like
from replay.model.exchange import Exchange
from replay.model.headers import Headers
from replay.model.message import body_tree, cookies, readable
from replay.model.tree import Tree
from replay.redact.watching_desk import ELEMENT, watch

__all__ = ["ELEMENT", "Sighting", "place_of", "sightings"]

_MOST_TREES = 200  # of a stream of documents
_MESSAGE = ("message", ELEMENT, "body")  # of a WebSocket
_MOST_LEAVES = 20_000  # of one document: what an endless list shows, its beginning shows too


class Sighting(NamedTuple):
    """A name below the place `inside`; with a `text`, the value under it. `text` None: only the name is seen.

    `inside` are the steps of a place: ("body", "items", "[*]").
    """

    side: str  # request | response
    inside: tuple[str, ...]
    name: str
    text: str | None = None


def place_of(steps: tuple[str, ...]) -> str:
    """`body.items[*].status`, as `model.tree.pattern` writes it."""
    out = ""
    for step in steps:
        out += step if step == ELEMENT or not out else f".{step}"
    return out


def sightings(exchange: Exchange) -> Iterator[Sighting]:
    """Every name and every text, in the order of the message."""
    request, response = exchange.request, exchange.response
    yield from _path(request.path)
    yield from _pairs("query", request.query)
    yield from _fields("request", request.headers)
    for name in cookies(request.headers):
        yield Sighting("request", ("cookie",), name)
    yield from _body("request", request.body)
    for message in exchange.messages:
        yield from _document("request" if message.from_client else "response", _MESSAGE, message.body)
    if response is not None:
        yield from _fields("response", response.headers)
        for field in response.headers.get_all("set-cookie"):
            yield Sighting("response", ("set-cookie",), field.partition("=")[0].strip())
        yield from _body("response", response.body)


def _path(path: str) -> Iterator[Sighting]:
    """Words of the route; an id in front of a word is one place, whichever it is."""
    inside: tuple[str, ...] = ("path",)
    for raw in path.split("/"):
        segment = unquote(raw)
        if not segment:
            continue
        is_id = is_id_like(segment)
        if not is_id:
            yield Sighting("request", inside, segment)
        inside = (*inside, "{id}" if is_id else segment)


def _pairs(kind: str, text: str) -> Iterator[Sighting]:
    for name, value in parse_qsl(readable(text), keep_blank_values=True):
        yield Sighting("request", (kind,), name, value)


def _fields(side: str, headers: Headers) -> Iterator[Sighting]:
    for name, _ in headers.fields:
        yield Sighting(side, ("header",), name.lower())


def _body(side: str, body: Body) -> Iterator[Sighting]:
    if body.is_form and not body.truncated:
        yield from _pairs("form", body.data.decode("utf-8", "replace"))
    elif body.is_json:
        yield from _document(side, ("body",), body)
    else:
        yield from _watched(side, body)


def _watched(side: str, body: Body) -> Iterator[Sighting]:
    """XML, tables, event streams, multipart forms ...: by the readers that redact them."""
    found: list[Sighting] = []
    trees: list[tuple[tuple[str, ...], Tree]] = []
    watch(
        side,
        body,
        lambda inside, name, text: found.append(Sighting(side, inside, name, text)),
        lambda steps, tree: trees.append((steps, tree)),
    )
    yield from found[:_MOST_LEAVES]
    for steps, tree in trees[:_MOST_TREES]:
        yield from _tree(side, steps, tree)


def _document(side: str, root: tuple[str, ...], body: Body) -> Iterator[Sighting]:
    try:
        tree = body_tree(body)
    except UndecodableError:
        return
    yield from _tree(side, root, tree)


def _tree(side: str, root: tuple[str, ...], tree: Tree) -> Iterator[Sighting]:
    stack: list[tuple[tuple[str, ...], Tree]] = [(root, tree)]
    left = _MOST_LEAVES
    while stack and left:
        left -= 1
        inside, node = stack.pop()
        if isinstance(node, list):
            stack.extend(((*inside, ELEMENT), child) for child in reversed(node))
        elif isinstance(node, dict):
            for name, child in node.items():
                yield Sighting(side, inside, name, child if isinstance(child, str) else None)
            stack.extend(((*inside, name), node[name]) for name in reversed(node))
        elif isinstance(node, str) and inside[-1] == ELEMENT:
            yield from _element(side, inside, node)


def _element(side: str, inside: tuple[str, ...], text: str) -> Iterator[Sighting]:
    """A text in a list: its name is that of the list, which was seen before."""
    yield Sighting(side, inside[:-1], ELEMENT, text)
