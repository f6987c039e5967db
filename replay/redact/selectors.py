"""Selectors: where a rule of a policy holds.

    where    = term { "or" term }
    term     = factor { "and" factor }
    factor   = "not" factor | "(" where ")" | clause
    clause   = [ request | response | any ] [ "METHOD /route" ] [ location [ name ] ]
    location = header | cookie | query | path | body | form | ws | jwt | graphql | trailer | name
    name     = a name, several with | between them, /RE2/; for body, ws, jwt and graphql a JSONPath

A selector is told apart into alternatives, see `clauses`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from replay.redact import json_path
from replay.redact.clauses import DOCUMENTS, Alternative, Clause, NameMatch
from replay.redact.kinds import Side
from replay.redact.re2_patterns import compiled
from replay.redact.route_patterns import RoutePattern, parse_route

LOCATIONS = ("header", "cookie", "query", "path", "body", "form", "ws", "jwt", "graphql", "trailer", "name")
_LOWER = frozenset(("header", "trailer"))  # names that HTTP compares without case
_ONE_SIDED = {"path": Side.REQUEST, "form": Side.REQUEST, "trailer": Side.RESPONSE}
_SIDES = {"request": Side.REQUEST, "response": Side.RESPONSE}
_TOKEN = re.compile(
    r"\s*(?:(?P<quoted>\"[^\"]*\"|'[^']*')|(?P<regex>/(?:[^/\\]|\\.)+/)"
    r"|(?P<path>\$(?:\[(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\]'\"]*)\]|[^\s()\[\]])*)"
    r"|(?P<mark>[()])|(?P<word>[^\s()\"'/$][^\s()\"']*))"
)
_MOST_ALTERNATIVES = 64
_LONGEST = 2000  # characters


Product = tuple[tuple[bool, Clause], ...]  # clauses that all hold (True) or do not hold (False)


def parse_selector(text: str) -> tuple[Alternative, ...]:
    """Raises ValueError with the second half of a sentence ("has ..."), ConfigError when google-re2 is missing."""
    if len(text) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters")
    reader = _Reader(_tokens(text))
    products = reader.alternatives()
    if not reader.is_done:
        raise ValueError("has a word too many: join clauses by and, or, not")
    return tuple(map(_alternative, products))


def _tokens(text: str) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    text = text.rstrip()
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError("has a quote, slash or bracket that is not closed")
        out.append((found.lastgroup or "", found.group().strip()))
        at = found.end()
    return out


class _Reader:
    """A reader of tokens, by recursive descent; `not` is carried down to the clauses."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def is_done(self) -> bool:
        return self._at >= len(self._tokens)

    def alternatives(self, sign: bool = True) -> list[Product]:
        parts = [self._term(sign)]
        while self._take("word", "or"):
            parts.append(self._term(sign))
        return [one for part in parts for one in part] if sign else _product(parts)

    def _term(self, sign: bool) -> list[Product]:
        parts = [self._factor(sign)]
        while self._take("word", "and"):
            parts.append(self._factor(sign))
        return _product(parts) if sign else [one for part in parts for one in part]

    def _factor(self, sign: bool) -> list[Product]:
        self._depth += 1
        if self._depth > 50:
            raise ValueError("nests too deep")
        try:
            if self._take("word", "not"):
                return self._factor(not sign)
            if self._take("mark", "("):
                found = self.alternatives(sign)
                if not self._take("mark", ")"):
                    raise ValueError("has a bracket that is not closed")
                return found
            return [((sign, self._clause()),)]
        finally:
            self._depth -= 1

    def _clause(self) -> Clause:
        start = self._at
        side = _SIDES.get(self._word(*_SIDES, "any"))
        kind, text = self._peek()
        route = None
        if kind == "quoted":
            self._at += 1
            route = parse_route(text[1:-1])
        location = self._word(*LOCATIONS)
        if self._at == start:
            raise ValueError(f"has a word that is no side, route or location; locations are {', '.join(LOCATIONS)}")
        if location in DOCUMENTS:
            kind, text = self._peek()
            if kind == "path":
                self._at += 1
                return Clause(side, route, location, steps=json_path.parse_json_path(text))
            self._refuse_name(location)
            return Clause(side, route, location)
        return Clause(side, route, location, self._name(location) if location else NameMatch())

    def _name(self, location: str) -> NameMatch:
        kind, text = self._peek()
        if kind == "path":
            raise ValueError(
                f"can never match: a JSONPath says nothing about a {location}, only about body, ws, jwt and graphql"
            )
        if kind == "regex":
            self._at += 1
            regex = text[1:-1].replace("\\/", "/")
            return NameMatch(regex=regex, pattern=compiled(f"(?i){regex}" if location in _LOWER else regex))
        if kind not in ("word", "quoted") or text in ("and", "or"):
            return NameMatch()
        self._at += 1
        names = [one.strip() for one in text.strip("\"'").split("|")]
        if not all(names):
            raise ValueError("has an empty name between | marks")
        if location == "path":
            names = [one.strip("{}") for one in names]
        return NameMatch(frozenset(one.lower() if location in _LOWER else one for one in names))

    def _refuse_name(self, location: str) -> None:
        kind, text = self._peek()
        if kind in ("regex", "quoted") or (kind == "word" and text not in ("and", "or")):
            raise ValueError(f"can never match: in a {location} a place is a JSONPath, such as $.users[*].email")

    def _peek(self) -> tuple[str, str]:
        return ("", "") if self.is_done else self._tokens[self._at]

    def _take(self, kind: str, text: str) -> bool:
        found = self._peek() == (kind, text)
        self._at += found
        return found

    def _word(self, *words: str) -> str:
        kind, text = self._peek()
        if kind != "word" or text not in words:
            return ""
        self._at += 1
        return text


def _product(parts: list[list[Product]]) -> list[Product]:
    out: list[Product] = [()]
    for part in parts:
        out = [(*one, *other) for one in out for other in part]
        if len(out) > _MOST_ALTERNATIVES:
            raise ValueError("has too many alternatives: make several rules of it")
    return out


def _alternative(product: Product) -> Alternative:
    """Which clause says what is meant, and whether anything can be."""
    positive = [one for sign, one in product if sign]
    nots = tuple(one for sign, one in product if not sign)
    located = [one for one in positive if one.location]
    if not located:
        raise ValueError(f"names no location that it holds for: {', '.join(LOCATIONS)}")
    if len({one.location for one in located}) > 1:
        raise ValueError("can never match: a value stands in one location, not in two; join them by or")
    sides = {one.side for one in positive if one.side}
    wanted = _ONE_SIDED.get(located[0].location)
    if len(sides) > 1 or (wanted and sides - {wanted}):
        raise ValueError(f"can never match: no {located[0].location} stands on that side")
    if any(_covers(one, each) for one in nots for each in positive):
        raise ValueError("can never match: what it names it also excludes")
    anchor = max(located, key=lambda one: one.specificity)
    rest = [one for one in positive if one is not anchor]
    anchor = Clause(next(iter(sides), None), _only_route(anchor, rest), anchor.location, anchor.name, anchor.steps)
    _check_anchor(anchor)
    others = tuple(one for one in rest if one.location or one.route not in (None, anchor.route))
    return Alternative(anchor, others, nots)


def _only_route(anchor: Clause, rest: list[Clause]) -> RoutePattern | None:
    return anchor.route or next((one.route for one in rest if one.route), None)


def _covers(one: Clause, other: Clause) -> bool:
    """True when `one` holds wherever `other` does, as far as their writing tells."""
    if one.location not in ("", other.location):
        return False
    is_all = one.name == NameMatch() and one.steps is None
    if not is_all and (one.name, one.steps) != (other.name, other.steps):
        return False
    return one.side in (None, other.side) and one.route in (None, other.route)


def _check_anchor(anchor: Clause) -> None:
    if anchor.location == "path":
        names = anchor.name.names
        if anchor.route is None or not names or any(anchor.route.index_of(one) is None for one in names):
            raise ValueError('can never match: path takes the name of a {segment}: "/t/{tenant}" path tenant')
    elif anchor.location == "name" and (anchor.side or anchor.route or not (anchor.name.names or anchor.name.regex)):
        raise ValueError("is for names, with a side, a route or no name: a name is the same word in all traffic")
