"""Learns which names and words may stay: those that at least k sessions of at least two tenants have shown.

    exchange -> sightings -> PRF(endpoint, side, place, word) -> at most k hashes of sessions -> passed?

A counter is named by a keyed hash and cannot give its word back. The word itself is kept from the moment when the
k-th session shows it, and not before; the key is made for one run and forgotten with it.

    a place under which more than 50 names were seen is a map:   its names are data, none is learned
    a place where a text stood that is no single word, or more than 50 words, is no closed list: no value is learned
    names that mean a person, a secret or a token:   no value is learned there, however many showed it

Rule: in memory only. Whoever ends the program ends what it knows.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from replay.model.endpoint import endpoint_of
from replay.model.exchange import Exchange
from replay.redact.sightings import ELEMENT, Sighting, place_of, sightings
from replay.redact.vocabulary import KeyRole, looks_like_data, role_of
from replay.redact.vocabulary_file import Learned, Where, is_word

MOST_NAMES = 50  # distinct ones below one place; more make it a map
MOST_VALUES = 50  # distinct ones at one place; a closed list is shorter
ANY_ROUTE = "ANY /"  # for words of paths
NAMELESS = "{name}"  # stands for a name or path word that is not known: nothing is told of it
_MOST_SLUGS = 5_000  # words at one place of paths
_MOST_PLACES = 20_000
_MOST_WORDS = 200_000  # counted at a time, of all places: about 150 MB when a hostile client makes words up
_LONGEST_NAME = 64
_NUMBERED = re.compile(r"\d{3}")  # SAIL-133 is one of many things, however many people see it
_TELLING = frozenset(
    (KeyRole.SECRET, KeyRole.TOKEN, KeyRole.NAME, KeyRole.PHONE, KeyRole.NUMBER, KeyRole.BIRTH, KeyRole.GEO)
)
_VALUE_PLACES = frozenset({"query", "form", "body", "message"})  # where redaction asks for learned values
_DOCUMENTS = frozenset({"body", "message"})

Knows = Callable[[str], bool]
"""True for a name that redaction lets stay without any learning."""


@dataclass(slots=True, repr=False)
class _Showing:
    """Who showed one word: hashes of sessions and of tenants, no more of either than are needed."""

    sessions: set[bytes] = field(default_factory=set)
    tenants: set[bytes] = field(default_factory=set)


@dataclass(slots=True, repr=False)
class _Place:
    """One place at one endpoint. Showings by the keyed hash of the word; None: the word is known, or has passed."""

    names: dict[bytes, _Showing | None] = field(default_factory=dict)
    values: dict[bytes, _Showing | None] = field(default_factory=dict)
    passed_names: set[str] = field(default_factory=set)
    passed_values: set[str] = field(default_factory=set)
    is_map: bool = False
    is_open: bool = False  # no closed list


@dataclass(frozen=True, slots=True)
class Unknown:
    """Names below a place that too few have shown, or that are data: they become stand-ins."""

    where: Where  # holds no word that is not known
    names: int
    is_map: bool


class Learner:
    """`key`: 32 random bytes for this run. `knows` and `knows_route`: names and path words that stay anyhow."""

    def __init__(self, key: bytes, k: int, tenants: int, knows: Knows, knows_route: Knows) -> None:
        self._hasher = hashlib.blake2b(key=key, digest_size=16, person=b"replay-learn")
        self._k, self._tenants = k, tenants
        self._knows, self._knows_route = knows, knows_route
        self._places: dict[Where, _Place] = {}
        self._passed: Counter[str] = Counter()  # names, by the number of places at which they have passed
        self._withdrawn: set[str] = set()  # names that had passed at what turned out to be a map
        self.exchanges = 0
        self._words = 0  # whose showings are counted
        self.is_full = False  # more places or words than any API has: new ones were not looked at

    def look(self, exchange: Exchange, session: str, tenant: str) -> None:
        """Count what this exchange shows. An empty `tenant` is nobody's: it counts for no tenant."""
        self.exchanges += 1
        who = self._mark("session", session)
        whose = self._mark("tenant", tenant) if tenant else b""
        endpoint = endpoint_of(exchange.request.method, exchange.request.target)
        # A list shows the same place a thousand times.
        for seen in dict.fromkeys(sightings(exchange)):
            if seen.name != ELEMENT:
                self._see_name(endpoint, seen, who, whose)
            if seen.text and seen.inside[0] in _VALUE_PLACES:
                self._see_value(endpoint, seen, who, whose)

    def learned(self) -> Learned:
        """What has passed until now. A value counts only where each name of its place is known at the end, too."""
        names = frozenset(name for place in self._places.values() for name in place.passed_names)
        gone = self._withdrawn - names
        values = {
            where: frozenset(place.passed_values)
            for where, place in self._places.items()
            if place.passed_values and not any(name in str(where) for name in gone)
        }
        return Learned(self._k, self._tenants, names, values)

    def unknown(self) -> tuple[Unknown, ...]:
        """Places with names that become stand-ins, the fullest first. No such name is told."""
        found = []
        for where, place in self._places.items():
            count = sum(1 for showing in place.names.values() if showing is not None)
            if place.is_map or count:
                found.append(Unknown(where, count, place.is_map))
        return tuple(sorted(found, key=lambda one: (-one.names, one.where)))

    def _see_name(self, endpoint: str, seen: Sighting, who: bytes, whose: bytes) -> None:
        is_route = seen.inside[0] == "path"
        where = Where(ANY_ROUTE if is_route else self._told_route(endpoint), seen.side, self._told_place(seen.inside))
        place, name = self._place(where), seen.name
        if place is None or place.is_map or name in place.passed_names:
            return
        mark = self._mark("name", name)
        if mark not in place.names and len(place.names) >= (_MOST_SLUGS if is_route else MOST_NAMES):
            self._close(place, is_route=is_route)
        elif not self._has_room(place.names, mark):
            return
        elif self._is_known(name, is_route=is_route):
            place.names[mark] = None
        elif len(name) > _LONGEST_NAME or not name.isprintable() or looks_like_data(name):
            place.names.setdefault(mark, _Showing())
        elif self._passes(place.names, mark, who, whose):
            place.passed_names.add(name)
            self._passed[name] += 1

    def _close(self, place: _Place, *, is_route: bool) -> None:
        """A place with so many names is a map. Beside slugs a word of the route is one still: there, k decides."""
        if not is_route:
            place.is_map = True
            self._passed.subtract(place.passed_names)
            self._withdrawn |= place.passed_names
            self._words -= len(place.names)
            place.names.clear()
            place.passed_names.clear()

    def _see_value(self, endpoint: str, seen: Sighting, who: bytes, whose: bytes) -> None:
        named = (*seen.inside, seen.name)
        steps = named if seen.inside[0] in _DOCUMENTS else (*named, ELEMENT)  # parameters may come more than once
        where = Where(endpoint, seen.side, place_of(steps))
        if where != Where(self._told_route(endpoint), seen.side, self._told_place(steps)):
            return  # a name on the way is not known (yet)
        place, text = self._place(where), seen.text or ""
        if place is None or place.is_open or text in place.passed_values:
            return
        mark = self._mark("value", text)
        is_word_of_list = is_word(text) and not looks_like_data(text) and not _NUMBERED.search(text)
        if not is_word_of_list or (mark not in place.values and len(place.values) >= MOST_VALUES) or _is_telling(steps):
            place.is_open = True
            self._words -= len(place.values)
            place.values.clear()
            place.passed_values.clear()
        elif self._has_room(place.values, mark) and self._passes(place.values, mark, who, whose):
            place.passed_values.add(text)

    def _has_room(self, showings: dict[bytes, _Showing | None], mark: bytes) -> bool:
        """True for a word that is counted already, or may be from now on."""
        if mark in showings:
            return True
        if self._words >= _MOST_WORDS:
            self.is_full = True
            return False
        self._words += 1
        return True

    def _passes(self, showings: dict[bytes, _Showing | None], mark: bytes, who: bytes, whose: bytes) -> bool:
        """True from the session on that makes it k of enough tenants."""
        showing = showings.setdefault(mark, _Showing())
        if showing is None:
            return True
        if len(showing.sessions) < self._k:
            showing.sessions.add(who)
        if whose and len(showing.tenants) < self._tenants:
            showing.tenants.add(whose)
        if len(showing.sessions) < self._k or len(showing.tenants) < self._tenants:
            return False
        showings[mark] = None
        return True

    def _place(self, where: Where) -> _Place | None:
        place = self._places.get(where)
        if place is None:
            if len(self._places) >= _MOST_PLACES:
                self.is_full = True
                return None
            place = self._places[where] = _Place()
        return place

    def _told_route(self, endpoint: str) -> str:
        method, _, path = endpoint.partition(" ")
        return f"{method} " + "/".join(w if self._is_known(w, is_route=True) else NAMELESS for w in path.split("/"))

    def _told_place(self, steps: tuple[str, ...]) -> str:
        is_route = steps[0] == "path"
        known = (s if s == ELEMENT or self._is_known(s, is_route=is_route) else NAMELESS for s in steps[1:])
        return place_of((steps[0], *known))

    def _is_known(self, word: str, *, is_route: bool) -> bool:
        if word in ("", "{id}") or self._passed.get(word, 0) > 0:
            return True
        return self._knows_route(word) if is_route else self._knows(word)

    def _mark(self, kind: str, text: str) -> bytes:
        fresh = self._hasher.copy()
        fresh.update(f"{kind}\x00{text}".encode("utf-8", "surrogatepass"))
        return fresh.digest()


def _is_telling(steps: tuple[str, ...]) -> bool:
    """True below a name that says person, secret, token, phone, birth or place."""
    return role_of(next(step for step in reversed(steps) if step != ELEMENT)) in _TELLING
