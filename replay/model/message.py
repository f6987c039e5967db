"""A message as named leaves: every value that a client or a server put somewhere, and a way to put another there.

Places, for both directions where they make sense:

    ("path", 2)                     a segment, percent-decoded          request
    ("query", "page", 0)            the n-th value of a parameter       request
    ("header", "x-tenant-id", 0)    the n-th field of that name         both
    ("auth", "bearer")              credentials behind the scheme       request (Authorization)
    ("cookie", "sid")               one cookie                          request
    ("form", "email", 0)            a form field                        request
    ("body", "items", 0, "id")      a JSON leaf                         both
    ("location", 2)                 a segment of Location's path        response
    ("set-cookie", "sid")           the cookie's value                  response

Rule: text in, text out; JSON leaves keep their type; text that is not replaced stays as it was sent (a JSON body with
a replacement is written compactly). Nothing is cached here: callers keep trees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import parse_qsl, quote, unquote

from replay.model.body import Body
from replay.model.codec import UndecodableError, dump_json, parse_json
from replay.model.exchange import Request, Response
from replay.model.headers import Headers
from replay.model.tree import Place, Scalar, Tree, leaves, replaced

Leaf = tuple[Place, Scalar]

_SEGMENT_SAFE = "!$&'()*+,;=:@~-._"
_ORIGIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*")  # RFC 3986 section 3; urlsplit raises on odd hosts
_OWN_PLACES = frozenset({"cookie", "set-cookie", "authorization", "location"})


def body_tree(body: Body) -> Tree:
    """The JSON document in `body`. Raises UndecodableError when it is none, cut, or empty."""
    if not body.is_json or body.truncated or not body.data:
        raise UndecodableError("no JSON document")
    return parse_json(body.data)


def request_leaves(request: Request) -> Iterator[Leaf]:
    """Every value in the request, in the order path, query, headers, cookies, form, JSON."""
    for i, segment in enumerate(path_segments(request.path)):
        if segment:
            yield ("path", i), segment
    yield from _pairs("query", request.query)
    yield from _header_leaves(request.headers)
    scheme, credentials = split_authorization(request.headers.get("authorization"))
    if credentials:
        yield ("auth", scheme.lower()), credentials
    for name, value in cookies(request.headers).items():
        yield ("cookie", name), value
    if request.body.is_form and not request.body.truncated:
        yield from _pairs("form", request.body.data.decode("utf-8", "surrogateescape"))
    yield from _json_leaves(request.body)


def response_leaves(response: Response) -> Iterator[Leaf]:
    """Every value in the response, in the order headers, Location, Set-Cookie, JSON."""
    yield from _header_leaves(response.headers)
    for i, segment in enumerate(path_segments(_path_of(response.headers.get("location")))):
        if segment:
            yield ("location", i), segment
    for field in response.headers.get_all("set-cookie"):
        name, mark, value = field.partition(";")[0].partition("=")
        if mark and name.strip():
            yield ("set-cookie", name.strip()), value.strip()
    yield from _json_leaves(response.body)


def response_value(response: Response, place: Place) -> Scalar:
    """The value at `place`. Raises KeyError when the response has none."""
    for found, value in response_leaves(response):
        if found == place:
            return value
    raise KeyError("no such place")


def with_values(request: Request, values: Mapping[Place, Scalar]) -> Request:
    """The request with other values at the given places; JSON numbers stay numbers. Unknown places are ignored."""
    if not values:
        return request
    target = _retarget(request.target, values)
    headers = _reheader(request.headers, values)
    return Request(request.method, target, headers, _rebody(request.body, values), request.scheme, request.host)


def path_segments(path: str) -> list[str]:
    """Percent-decoded segments; index 0 is empty for an absolute path."""
    return [unquote(segment) for segment in readable(path).split("/")]


def readable(text: str) -> str:
    """The text with lone surrogates (bytes that were not UTF-8) as replacement marks, so that it can be encoded."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def cookies(headers: Headers) -> dict[str, str]:
    out: dict[str, str] = {}
    for field in headers.get_all("cookie"):
        for crumb in field.split(";"):
            name, mark, value = crumb.partition("=")
            if mark and name.strip():
                out.setdefault(name.strip(), value.strip())
    return out


def split_authorization(value: str) -> tuple[str, str]:
    """("Bearer", "abc") of "Bearer abc"; a value without a scheme is all credentials."""
    scheme, mark, credentials = value.strip().partition(" ")
    return (scheme, credentials.strip()) if mark else ("", scheme)


def _path_of(reference: str) -> str:
    """The path of an absolute or relative URI reference; never raises."""
    origin = _ORIGIN.match(reference)
    return re.split(r"[?#]", reference[origin.end() :] if origin else reference, maxsplit=1)[0]


def _header_leaves(headers: Headers) -> Iterator[Leaf]:
    seen: dict[str, int] = {}
    for name, value in headers.fields:
        key = name.lower()
        n = seen.get(key, 0)
        seen[key] = n + 1
        if key not in _OWN_PLACES:
            yield ("header", key, n), value


def _pairs(kind: str, text: str) -> Iterator[Leaf]:
    seen: dict[str, int] = {}
    for name, value in parse_qsl(readable(text), keep_blank_values=True):
        n = seen.get(name, 0)
        seen[name] = n + 1
        yield (kind, name, n), value


def _json_leaves(body: Body) -> Iterator[Leaf]:
    try:
        yield from leaves(body_tree(body), ("body",))
    except UndecodableError:
        return


def _retarget(target: str, values: Mapping[Place, Scalar]) -> str:
    path, mark, query = target.partition("?")
    if any(place[0] == "path" for place in values):
        raw = path.split("/")
        for place, value in values.items():
            if place[0] == "path" and isinstance(place[1], int) and place[1] < len(raw):
                raw[place[1]] = quote(text_of(value), safe=_SEGMENT_SAFE, errors="replace")
        path = "/".join(raw)
    if any(place[0] == "query" for place in values):
        query = _repair("query", query, values)
    return path + mark + query


def _repair(kind: str, text: str, values: Mapping[Place, Scalar]) -> str:
    """Replace values of the n-th parameter of a name; all other raw text stays as it was sent."""
    seen: dict[str, int] = {}
    out: list[str] = []
    for piece in text.split("&"):
        raw_name = piece.partition("=")[0]
        name = unquote(readable(raw_name).replace("+", " "))
        n = seen.get(name, 0)
        if piece:
            seen[name] = n + 1
        place: Place = (kind, name, n)
        if piece and place in values:
            piece = f"{raw_name}={quote(text_of(values[place]), safe='', errors='replace')}"
        out.append(piece)
    return "&".join(out)


def _reheader(headers: Headers, values: Mapping[Place, Scalar]) -> Headers:
    if not any(place[0] in {"header", "auth", "cookie"} for place in values):
        return headers
    has_cookie = any(place[0] == "cookie" for place in values)
    seen: dict[str, int] = {}
    out: list[tuple[str, str]] = []
    for name, value in headers.fields:
        key = name.lower()
        n = seen.get(key, 0)
        seen[key] = n + 1
        if key == "authorization":
            scheme, _ = split_authorization(value)
            place: Place = ("auth", scheme.lower())
            if place in values:
                value = f"{scheme} {text_of(values[place])}".strip()
        elif key == "cookie" and has_cookie:
            value = _recookie(value, values)
        elif ("header", key, n) in values:
            value = text_of(values[("header", key, n)])
        out.append((name, value))
    return Headers(tuple(out))


def _recookie(value: str, values: Mapping[Place, Scalar]) -> str:
    crumbs = []
    for crumb in value.split(";"):
        name, mark, old = crumb.partition("=")
        place: Place = ("cookie", name.strip())
        new = text_of(values[place]) if mark and place in values else old.strip()
        crumbs.append(f"{name.strip()}={new}" if mark else crumb.strip())
    return "; ".join(crumbs)


def _rebody(body: Body, values: Mapping[Place, Scalar]) -> Body:
    if body.truncated:
        return body
    if body.is_form and any(place[0] == "form" for place in values):
        text = _repair("form", body.data.decode("utf-8", "surrogateescape"), values)
        return Body(text.encode("utf-8", "surrogateescape"), body.content_type)
    wanted = {place: value for place, value in values.items() if place[0] == "body"}
    if not wanted:
        return body
    try:
        tree = body_tree(body)
    except UndecodableError:
        return body
    for place, value in wanted.items():
        with suppress(KeyError):
            tree = replaced(tree, place[1:], value)
    return Body(dump_json(tree), body.content_type)


def text_of(value: Scalar) -> str:
    """A leaf as it would stand in a URL or header: JSON's words for true, false and null."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
