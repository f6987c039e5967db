"""A request that wears other credentials: recorded ones come off, live ones stand where those stood.

    Cookie: sid=STAND-IN; theme=dark   +   outfit(headers: Authorization)   ->   Cookie: theme=dark, Authorization: ...

Rule: a request that was recorded without credentials stays without. A value that is no longer the recorded one was
bound (the recording's own login gave it here), and stays unless the identity is preferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote_plus

from replay.identity.places import Credential, credentials_in
from replay.identity.template import Template, Values
from replay.model.exchange import Request
from replay.model.headers import Headers
from replay.model.message import cookies, request_leaves, with_values
from replay.model.tree import Place

Templates = tuple[tuple[str, Template], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Pattern:
    """What an identity sets, still without values. Header names are compared without case.

    `fields` are names in a JSON body (`auth.token`) or a form; they are replaced where they stand, never added.
    """

    headers: Templates = ()
    query: Templates = ()
    cookies: Templates = ()
    fields: Templates = ()

    @property
    def names(self) -> frozenset[str]:
        """Names of the values that it needs."""
        every = (*self.headers, *self.query, *self.cookies, *self.fields)
        return frozenset(name for _, template in every for name in template.names)

    def filled(self, values: Values) -> Outfit:
        """Raises KeyError with the name that is missing."""
        headers, query = _filled(self.headers, values), _filled(self.query, values)
        return Outfit(headers, query, _filled(self.cookies, values), _filled(self.fields, values))

    def without(self, name: str) -> Pattern:
        """Only what does not need the value of that name."""
        every = (self.headers, self.query, self.cookies, self.fields)
        headers, query, crumbs, fields = (tuple(pair for pair in one if name not in pair[1].names) for one in every)
        return Pattern(headers, query, crumbs, fields)

    def marks(self, request: Request) -> bool:
        """True when the request holds a place that is named here, so that it was sent as somebody."""
        if any(name in request.headers for name, _ in self.headers):
            return True
        worn = cookies(request.headers) if self.cookies else {}
        if any(name in worn for name, _ in self.cookies):
            return True
        wanted = {name for name, _ in self.query}
        if wanted and any(_piece_name(piece) in wanted for piece in request.query.split("&")):
            return True
        return bool(self.fields) and bool(_field_places(request, [name for name, _ in self.fields]))


def _filled(templates: Templates, values: Values) -> tuple[tuple[str, str], ...]:
    return tuple((name, template.fill(values)) for name, template in templates)


Texts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Outfit:
    """Live values, ready to be put on."""

    headers: Texts = ()
    query: Texts = ()
    cookies: Texts = ()
    fields: Texts = ()
    tokens: Mapping[str, str] = field(default_factory=dict)  # recorded JWT -> its live twin, put wherever it stands


def is_bound(request: Request, recorded: Request) -> bool:
    """True when every credential of the request is another one than was recorded: the recording's login gave them."""
    now = credentials_in(request)
    if not now:
        return False
    then = {one.place: one.value for one in credentials_in(recorded)}
    return all(one.place in then and then[one.place] != one.value for one in now)


def dressed(request: Request, recorded: Request, outfit: Outfit, schemes: frozenset[str], *, prefer: bool) -> Request:
    """`recorded` is the recorded request whose credentials `request` carries; `schemes` are those that come off."""
    then = {one.place: one.value for one in credentials_in(recorded)}
    mine = [one for one in credentials_in(request) if one.scheme in schemes]
    kept = {one.place for one in mine if not prefer and one.place in then and then[one.place] != one.value}
    off = [one for one in mine if one.place not in kept]
    twins = {one.place: outfit.tokens[one.value] for one in off if one.value in outfit.tokens}
    if twins:  # the recorded tokens have live twins: everything else stays where it is
        return _put_on(with_values(request, twins), outfit, [], kept | set(twins))
    return _put_on(request, outfit, off, kept)


def stripped(request: Request, pattern: Pattern) -> Request:
    """The request without what the pattern names: for a request as nobody."""
    gone = [name for name, _ in pattern.headers]
    bare = replace(request, headers=request.headers.without(*gone)) if gone else request
    bare = _with_cookies(bare, {}, {name for name, _ in pattern.cookies}) if pattern.cookies else bare
    return _with_query(bare, {}, {name for name, _ in pattern.query}) if pattern.query else bare


def _put_on(request: Request, outfit: Outfit, off: list[Credential], kept: set[Place]) -> Request:
    headers = {name.lower(): (name, value) for name, value in outfit.headers if not _is_kept_header(name, kept)}
    gone = {"authorization" if one.place[0] == "auth" else str(one.place[1]) for one in off if _is_header(one.place)}
    out = replace(request, headers=_with_headers(request.headers, headers, gone))
    worn = {name: value for name, value in outfit.cookies if ("cookie", name) not in kept}
    out = _with_cookies(out, worn, {str(one.place[1]) for one in off if one.place[0] == "cookie"})
    asked = {name: value for name, value in outfit.query if ("query", name, 0) not in kept}
    out = _with_query(out, asked, {str(one.place[1]) for one in off if one.place[0] == "query"})
    return with_fields(out, outfit.fields)


def with_fields(request: Request, fields: Texts) -> Request:
    """Other values in the fields of the body that are there."""
    if not fields:
        return request
    places = _field_places(request, [name for name, _ in fields])
    values = dict(fields)
    return with_values(request, {place: values[name] for place, name in places.items()})


def has_fields(request: Request, names: list[str]) -> bool:
    """True when the body has every one of them."""
    return bool(names) and set(_field_places(request, names).values()) == set(names)


def _field_places(request: Request, names: list[str]) -> dict[Place, str]:
    wanted: dict[Place, str] = {("form", name, 0): name for name in names}
    wanted |= {("body", *name.split(".")): name for name in names}
    return {place: wanted[place] for place, _ in request_leaves(request) if place in wanted}


def _is_header(place: Place) -> bool:
    return place[0] in {"auth", "header"}


def _is_kept_header(name: str, kept: set[Place]) -> bool:
    key = name.lower()
    if key == "authorization":
        return any(place[0] == "auth" for place in kept)
    return ("header", key, 0) in kept


def _with_headers(headers: Headers, live: dict[str, tuple[str, str]], gone: set[str]) -> Headers:
    """In the place of the field of that name; else of the first that comes off; else at the end."""
    out: list[tuple[str, str]] = []
    left = dict(live)
    here = {name.lower() for name, _ in headers.fields}
    for name, value in headers.fields:
        key = name.lower()
        if key in left:
            out.append((name, left.pop(key)[1]))
        elif key in gone:
            out += [left.pop(other) for other in list(left) if other not in here]
        elif key not in live:
            out.append((name, value))
    return Headers((*out, *left.values()))


def _with_cookies(request: Request, live: dict[str, str], gone: set[str]) -> Request:
    if not live and not gone:
        return request
    left = dict(live)
    crumbs: list[str] = []
    for crumb in "; ".join(request.headers.get_all("cookie")).split(";"):
        name, mark, _ = crumb.strip().partition("=")
        if name in live and mark:
            if name in left:
                crumbs.append(f"{name}={left.pop(name)}")
        elif crumb.strip() and not (mark and name in gone):
            crumbs.append(crumb.strip())
    crumbs += [f"{name}={value}" for name, value in left.items()]
    headers = request.headers.replaced("Cookie", "; ".join(crumbs)) if crumbs else request.headers.without("cookie")
    return replace(request, headers=headers)


def _with_query(request: Request, live: dict[str, str], gone: set[str]) -> Request:
    if not live and not gone:
        return request
    left = dict(live)
    pieces: list[str] = []
    for piece in request.query.split("&") if request.query else ():
        name = _piece_name(piece)
        if name in left:
            pieces.append(f"{piece.partition('=')[0]}={quote(left.pop(name), safe='')}")
        elif name not in gone and name not in live:
            pieces.append(piece)
    pieces += [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in left.items()]
    return replace(request, target=request.path + ("?" if pieces else "") + "&".join(pieces))


def _piece_name(piece: str) -> str:
    return unquote_plus(piece.partition("=")[0])
