"""Whether a `keep` entry can ever hold: its place as redaction writes places, its endpoint as endpoints are named.

    body.items[*].title   message[*].body.x   form.note[*]   query.page[*]   path[*]
    cookie.theme          set-cookie.theme    header.x-build[*]   trailer.x-build[*]   auth.bearer

Rule: what can never match is an error at start, as it is of rules: a `keep` that nobody noticed to be dead is taken for
a reviewed one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from replay.model.endpoint import endpoint_of
from replay.model.errors import ConfigError
from replay.redact import route_patterns
from replay.redact.framing import DROPPED
from replay.redact.kinds import Action, Side
from replay.redact.route_patterns import RoutePattern, parse_route
from replay.redact.rule_book import RuleBook, Sheet
from replay.redact.rules import Rule
from replay.redact.vocabulary import METHODS

_DOCUMENT = re.compile(r"(?:body|message\[\*\]\.body)((?:\[\*\]|\.[^.\[\]]+)*)")
_ROOTS = "body, message[*].body, form, query, path, cookie, set-cookie, header, trailer, auth"
_FIELDS = re.compile(r"(form|query|header|trailer)\.(.+?)(\[\*\].*)?", re.DOTALL)
_COOKIES = re.compile(r"(?:set-)?cookie\.([^\[]+)(\[\*\])?")
_ALONE = re.compile(r"path\[\*\]|auth\.[a-z0-9-]+|set-cookie\.attribute")
_POSITION = re.compile(r"(?:body|message)\b.*\[\d*\]", re.DOTALL)
_MADE_ANEW = DROPPED | {"content-length", "content-type"}
_NEVER = "can never match:"


def check_keep(source: str, place: str, endpoint: str) -> None:
    """Raises ConfigError, one sentence that names the entry by `source`."""
    problem = _of_place(place) or _of_endpoint(endpoint)
    if problem:
        raise ConfigError(f"{source} {_NEVER} {problem}.")


def check_keeps_against_rules(keeps: Iterable[tuple[str, str]], rules: Iterable[Rule]) -> None:
    """`keeps` are sources and places. Raises ConfigError where a rule for all routes and both sides goes before."""
    book = RuleBook(rules)
    sheets = [Sheet(book, side) for side in Side]
    for source, place in keeps:
        decided = [sheet.at(place, _name_of(place)) for sheet in sheets]
        if all(one is not None and one.action is not Action.KEEP for one in decided):
            raise ConfigError(
                f"{source} {_NEVER} a rule decides about that place everywhere, and rules go before keep."
            )


def check_keeps_against_schema(
    keeps: Iterable[tuple[str, str, str]], routes: Sequence[RoutePattern], names: Collection[str] | None
) -> None:
    """`keeps` are sources, places and endpoints. Raises ConfigError for one that the schema knows nothing of."""
    for source, place, endpoint in keeps:
        is_known_route = not (endpoint and routes) or route_patterns.is_known(parse_route(endpoint), routes)
        if not is_known_route or (names is not None and not set(spelt_in(place)) <= set(names)):
            raise ConfigError(f"{source} {_NEVER} the schema has no such route, parameter or property.")


def spelt_in(place: str) -> tuple[str, ...]:
    """The names of fields that a place spells, without those of headers: they are public now."""
    found = _DOCUMENT.fullmatch(place)
    if found is not None:
        return tuple(filter(None, re.split(r"\.|\[\*\]", found[1])))
    field = _FIELDS.fullmatch(place)
    return (field[2],) if field is not None and field[1] in ("form", "query") else ()


def _name_of(place: str) -> str:
    field, cookie = _FIELDS.fullmatch(place), _COOKIES.fullmatch(place)
    return field[2] if field else cookie[1] if cookie else ""


def _of_place(place: str) -> str:
    """What is wrong with it; empty when nothing is."""
    if place.startswith("$"):
        return "a place is no JSONPath: write body.items[*].title for $.items[*].title"
    if _POSITION.match(place):
        return "a place names a field of all elements, never a position: write [*]"
    if _DOCUMENT.fullmatch(place) or _ALONE.fullmatch(place):
        return "" if "*" not in place.replace("[*]", "") else "a place has no * but [*]: name each field"
    cookie = _COOKIES.fullmatch(place)
    if cookie is not None:
        return f"a cookie has one value: write {place.removesuffix('[*]')}" if cookie[2] else ""
    field = _FIELDS.fullmatch(place)
    if field is None:
        return f"a place begins with {_ROOTS} and names a field, such as body.items[*].title or query.page[*]"
    kind, name, rest = field.groups()
    if not rest:
        return f"a {kind} field may come more than once: write {kind}.{name}[*]"
    if kind in ("header", "trailer") and name != name.lower():
        return f"names of {kind}s are written in lower case: {kind}.{name.lower()}[*]"
    if kind == "header" and name in _MADE_ANEW:
        return "that header describes a body's bytes, and is made anew or left out"
    return ""


def _of_endpoint(endpoint: str) -> str:
    if not endpoint:
        return ""
    method, _, path = endpoint.partition(" ")
    if method not in METHODS or not path.startswith("/"):
        return "an endpoint is a method in capitals and a path, such as GET /courses/{id}"
    if "?" in path or "#" in path:
        return "an endpoint has no query"
    wanted = endpoint_of(method, re.sub(r"\{[^{}/]*\}", "{id}", path))
    return "" if wanted == endpoint else f"that endpoint is called {wanted}"
