"""Learn bindings from a capture: for every request value, the earlier response values that it came from.

Rule: a value that a client sent before any response gave it is the client's own and is never bound.
Rule: an answer that echoes what its own request said gives nothing.
Rule: confidence = 0.99 for strong text of 16 characters or more and for named partners (a cookie and its Set-Cookie, a
validator and its ETag), 0.9 for shorter strong text, 0.85 for small values whose nouns agree, 0.7 when they agree only
as names for people; less 0.15 when the best source is an element of a list that was read (positional), less 0.2
when its answer was an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from replay.correlate.answers import given
from replay.correlate.bindings import Binding, Bindings, Source
from replay.correlate.credentials import is_static
from replay.correlate.fresh import find_fresh
from replay.correlate.introductions import introductions
from replay.correlate.nouns import Family, noun_at, noun_in_path
from replay.correlate.shapes import Strength, canonical, strength
from replay.correlate.timeline import Moment, moments
from replay.model.endpoint import is_id_like
from replay.model.message import Leaf, request_leaves
from replay.model.session import Session
from replay.model.tree import Place

MAX_SOURCES = 5
_KEPT = 8  # producers kept per value, kind and session: the earliest are the best
_PLACE_RANK = {"body": 0, "set-cookie": 0, "hidden": 0, "header": 1, "location": 2, "link": 3}
_LONG = 16  # characters: strong text that nobody types
_PARTNERS = frozenset({"cookie:", "etag:"})
_VALIDATORS = frozenset({"if-match", "if-none-match"})

Key: TypeAlias = "str | tuple[str, ...]"
"""Strong text itself, (noun, text) for weak text, ("cookie:", name, text) and ("etag:", text) for partners."""


@dataclass(frozen=True, slots=True)
class _Given:
    """One response value. Positional: an element of a list that somebody only read."""

    failed: bool
    positional: bool
    order: int
    source: Source
    session_id: str
    noun: str

    def rank(self, session_id: str) -> tuple[bool, bool, bool, int, int]:
        elsewhere = self.positional and self.session_id != session_id
        return self.failed, self.positional, elsewhere, self.order, _PLACE_RANK[str(self.source.place[0])]


@dataclass(slots=True)
class _Known:
    """Who gave a value, earliest first."""

    steady: list[_Given] = field(default_factory=list)
    positional: list[_Given] = field(default_factory=list)
    positional_in: dict[str, _Given] = field(default_factory=dict)  # the first one per session

    def add(self, found: _Given) -> None:
        if not found.positional:
            if len(self.steady) < _KEPT:
                self.steady.append(found)
            return
        self.positional_in.setdefault(found.session_id, found)
        if len(self.positional) < _KEPT:
            self.positional.append(found)

    def best_for(self, session_id: str) -> list[_Given]:
        own = self.positional_in.get(session_id)
        pool = dict.fromkeys([*self.steady, *self.positional, *([own] if own else [])])
        return sorted(pool, key=lambda found: found.rank(session_id))[:MAX_SOURCES]


def learn(sessions: Sequence[Session]) -> Bindings:
    """Every binding of the capture. Near-linear in the number of leaves."""
    family = Family.of({exchange.request.path for session in sessions for exchange in session.exchanges})
    learner = _Learner(family)
    for moment in moments(sessions):
        if moment.answered:
            learner.hear(moment)
        else:
            learner.ask(moment)
    bindings = Bindings(learner.bindings)
    return Bindings(bindings.all, introductions(sessions, find_fresh(sessions, bindings, _no_text_class)))


def _no_text_class(_endpoint: str, _place: str) -> str:
    """Free text introduces nothing, so it need not be recognised here."""
    return ""


class _Learner:
    def __init__(self, family: Family) -> None:
        self._family = family
        self._known: dict[Key, _Known] = {}
        self._client_made: set[Key] = set()
        self._asked: dict[str, set[Key]] = {}  # per exchange in flight: what its own request said
        self.bindings: list[Binding] = []

    def ask(self, moment: Moment) -> None:
        """A request starts: bind what is known, remember the rest as the client's own."""
        request = moment.exchange.request
        asked: set[Key] = set()
        own: list[Key] = []
        for place, value in request_leaves(request):
            text = canonical(value)
            shape = strength(text)
            partner = _partner_of_request(place, text)
            if (shape is Strength.NEVER and not partner) or is_static(place):
                continue
            noun = _noun_of_request(place, text, request.path)
            keys = self._keys(partner, shape, text, noun)
            asked.update(keys)
            known = next((self._known[key] for key in keys if key in self._known), None)
            if known is None:
                own.extend(keys)
            else:
                self.bindings.append(_binding(moment, (place, value), known, keys[0], noun))
        self._asked[moment.exchange.id] = asked
        self._client_made.update(own)

    def hear(self, moment: Moment) -> None:
        """An outcome arrives: what it gives for the first time may be given back from now on."""
        exchange = moment.exchange
        asked = self._asked.pop(exchange.id, set())
        response = exchange.response
        if response is None:
            return
        for place, value, url in given(response):
            text = canonical(value)
            shape = strength(text)
            partner = _partner_of_answer(place, text)
            if shape is Strength.NEVER and not partner:
                continue
            noun = _noun_of_answer(place, text, url, exchange.request.path)
            for key in self._keys(partner, shape, text, noun):
                if key not in asked and key not in self._client_made:
                    found = _gift(moment, place, noun, response.status)
                    self._known.setdefault(key, _Known()).add(found)

    def _keys(self, partner: Key, shape: Strength, text: str, noun: str) -> list[Key]:
        """Under what this value is known, best first; empty for values whose equality is chance."""
        keys: list[Key] = [partner] if partner else []
        if shape is Strength.STRONG:
            keys.append(text)
        elif shape is Strength.WEAK and noun:
            keys.append((self._family.canonical(noun), text))
        return keys


def _gift(moment: Moment, place: Place, noun: str, status: int) -> _Given:
    exchange = moment.exchange
    positional = exchange.request.is_safe and _is_element(place)
    return _Given(status >= 400, positional, moment.order, Source(exchange.id, place), moment.session.id, noun)


def _binding(moment: Moment, leaf: Leaf, known: _Known, key: Key, noun: str) -> Binding:
    place, value = leaf
    best = known.best_for(moment.session.id)
    if isinstance(key, str):
        confidence = 0.99 if len(key) >= _LONG else 0.9
    elif key[0] in _PARTNERS:
        confidence = 0.99
    else:
        confidence = 0.85 if noun == best[0].noun else 0.7
    confidence -= 0.15 * best[0].positional + 0.2 * best[0].failed
    sources = tuple(found.source for found in best)
    return Binding(moment.exchange.id, place, value, sources, noun or best[0].noun, round(confidence, 2))


def _is_element(place: Place) -> bool:
    """True for an element of a list in a JSON body (header and Location places count fields, not elements)."""
    parts = place[2:] if place[0] == "link" else place
    return parts[0] == "body" and any(isinstance(part, int) for part in parts)


def _partner_of_request(place: Place, text: str) -> Key:
    if place[0] == "cookie" and text:
        return "cookie:", str(place[1]), text
    return ("etag:", text) if place[0] == "header" and place[1] in _VALIDATORS else ()


def _partner_of_answer(place: Place, text: str) -> Key:
    if place[0] == "set-cookie" and text:
        return "cookie:", str(place[1]), text
    return ("etag:", text) if place[:2] == ("header", "etag") else ()


def _noun_of_request(place: Place, text: str, path: str) -> str:
    if place[0] == "path":
        return noun_in_path(path, int(place[1])) if is_id_like(text) else ""
    if place[0] == "auth":
        return "token" if len(text) >= 6 else ""
    return noun_at(place, text, path)


def _noun_of_answer(place: Place, text: str, url: str, path: str) -> str:
    if url:
        index = place[1]
        return noun_in_path(url, index) if isinstance(index, int) and is_id_like(text) else ""
    if place[0] == "link":
        return noun_at(place[:2], text, path) if isinstance(place[1], str) else ""
    return noun_at(place, text, path)
