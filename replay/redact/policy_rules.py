"""The rules of one policy, compiled: which guide holds for which exchange.

Rule: whatever can be wrong with rules is told when they are compiled, before any traffic.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from replay.model.endpoint import endpoint_of
from replay.model.errors import ConfigError
from replay.model.exchange import Request
from replay.redact.clauses import DOCUMENTS, Clause
from replay.redact.guide import Guide
from replay.redact.keep_places import spelt_in
from replay.redact.kinds import Action, Side
from replay.redact.lexicon import Lexicon
from replay.redact.pseudonyms import Pseudonym
from replay.redact.route_patterns import RoutePattern
from replay.redact.rule_book import RuleBook, Sheet
from replay.redact.rule_conflicts import check_conflicts, check_headers
from replay.redact.rules import SHOWN, Decision, Rule
from replay.redact.vocabulary_file import where_of

_MOST_RULES = 1000
_MOST_PATHS = 4096  # whose guide is known by heart
_MOST_GUIDES = 512

Ruled = frozenset[tuple[Side | None, RoutePattern | None]]


@dataclass(frozen=True, slots=True)
class Keep:
    """Values at a place may stay, for a reason that an auditor can read.

    `place` is a pattern as `model.tree.pattern` writes it; without an `endpoint` (`GET /courses/{id}`) it holds at
    all. A kept text that contains an e-mail, a card, a token that anybody knows by sight is pseudonymised all the same.
    """

    place: str
    reason: str
    endpoint: str = ""

    def __post_init__(self) -> None:
        if not self.place.strip() or not self.reason.strip():
            raise ConfigError("A keep rule needs a place and a reason: say why anybody may read the values there.")


def check_rules(rules: Iterable[Rule]) -> None:
    """Raises ConfigError."""
    known = list(rules)
    if len(known) > _MOST_RULES:
        raise ConfigError(f"The redaction policy has more than {_MOST_RULES} rules: join those that do the same.")
    check_headers(known)
    check_conflicts(known)


class Guides:
    """Finds the guide of an exchange; what is asked for again is known by heart."""

    def __init__(
        self,
        rules: tuple[Rule, ...],
        keeps: tuple[Keep, ...],
        lexicon: Lexicon,
        pseudonym: Pseudonym,
        *,
        classes: Mapping[str, Decision],
        detects: bool,
    ) -> None:
        """`classes` say what a schema's formats do at places without a rule. Raises ConfigError."""
        check_rules(rules)
        self._keeps = keeps
        self._book = RuleBook(rules)
        self._shown = _shown(lexicon)
        self._classes = classes
        self._endpoints = {endpoint for endpoint, _ in self._shown} - {""}
        self._has_routes = any(keep.endpoint for keep in keeps) or bool(self._book.routes or self._endpoints)
        self._ruled: Ruled = frozenset(
            (one.anchor.side, one.anchor.route)
            for rule in rules
            for one in rule.alternatives
            if one.anchor.location != "name"
        )
        names = Sheet(self._book, Side.REQUEST) if _has_name_rules(rules) else None
        domains = {one: _domain(pseudonym, one) for one in sorted({rule.decision.domain for rule in rules} - {""})}
        named = _named(rules, keeps)
        lexicon = replace(lexicon, names=lexicon.names | named) if named else lexicon
        self._plain = Guide(lexicon, names=names, domains=domains, detects=detects)
        self._guides: dict[tuple[frozenset[RoutePattern], frozenset[str], str], Guide] = {}
        self._paths: dict[tuple[str, str], Guide] = {}

    @property
    def decided(self) -> Collection[int]:
        """Ids of the decisions that some place was given."""
        return self._book.decided

    def of(self, request: Request) -> Guide:
        if not (self._ruled or self._keeps or self._shown or self._classes):
            return self._plain
        path = request.target.partition("?")[0] if self._has_routes else ""
        key = (request.method, path)
        known = self._paths.get(key)
        if known is None:
            if len(self._paths) >= _MOST_PATHS:
                self._paths.clear()
            known = self._paths[key] = self._guide(request.method, path)
        return known

    def _guide(self, method: str, path: str) -> Guide:
        routes = self._book.routes_of(method, path) if path else frozenset()
        endpoint = endpoint_of(method, path)
        keeps = frozenset(keep.place for keep in self._keeps if keep.endpoint in ("", endpoint))
        key = (routes, keeps, endpoint if endpoint in self._endpoints else "")
        known = self._guides.get(key)
        if known is None:
            if len(self._guides) >= _MOST_GUIDES:
                self._guides.clear()
            request, response = (self._sheet(side, *key) for side in Side)
            made = replace(self._plain, request=request, response=response)
            known = self._guides[key] = replace(made, inside=made.within())
        return known

    def _sheet(self, side: Side, routes: frozenset[RoutePattern], keeps: frozenset[str], endpoint: str) -> Sheet | None:
        """None when nothing holds there: then no place is ever asked about."""
        shown: dict[str, Decision] = dict(self._classes)
        for where in (("", None), (endpoint, side)) if endpoint else (("", None),):
            shown |= {place: Decision(Action.KEEP, values=texts) for place, texts in self._shown.get(where, {}).items()}
        shown |= dict.fromkeys(keeps, SHOWN)
        holds = any(one in (None, side) and (route is None or route in routes) for one, route in self._ruled)
        return Sheet(self._book, side, routes, shown) if holds or shown else None


def _shown(lexicon: Lexicon) -> dict[tuple[str, Side | None], dict[str, frozenset[str]]]:
    """By endpoint and side (none: everywhere) and place; see `vocabulary_file` for how the three are written."""
    out: dict[tuple[str, Side | None], dict[str, set[str]]] = {}
    for where, text in lexicon.values:
        try:
            endpoint, side, place = where_of(where)
            key: tuple[str, Side | None] = (endpoint, Side(side))
        except ValueError:
            key, place = ("", None), where
        out.setdefault(key, {}).setdefault(place, set()).add(text)
    return {key: {place: frozenset(texts) for place, texts in places.items()} for key, places in out.items()}


def _domain(pseudonym: Pseudonym, name: str) -> Pseudonym:
    """A key of its own: nothing outside the domain has its stand-ins."""
    return Pseudonym(pseudonym.digest("rule-domain", name)[:32])


def _has_name_rules(rules: tuple[Rule, ...]) -> bool:
    return any(one.anchor.location == "name" for rule in rules for one in rule.alternatives)


def _named(rules: tuple[Rule, ...], keeps: tuple[Keep, ...]) -> frozenset[str]:
    """Names that a policy spells are no data: its author has made them public."""
    clauses = [clause for rule in rules for one in rule.alternatives for clause in (one.anchor, *one.others, *one.nots)]
    hidden = {
        name
        for rule in rules
        if rule.decision.action is not Action.KEEP
        for one in rule.alternatives
        if one.anchor.location == "name"
        for name in one.anchor.name.names
    }
    kept = {name for keep in keeps for name in spelt_in(keep.place)}
    return (frozenset(name for clause in clauses for name in _spelt(clause)) | kept) - hidden


def _spelt(clause: Clause) -> Iterable[str]:
    if clause.location in DOCUMENTS:
        return [step.name for step in clause.steps or () if step.name is not None]
    return () if clause.location == "path" else clause.name.names
