"""Learn bindings from a capture: for every request value, the earlier response values that it came from.

Rule: a value that a client sent before any response gave it is the client's own and is never bound.
Rule: an answer that echoes what its own request said gives nothing.
Rule: confidence = 0.99 for strong text of 16 characters or more and for partners that name each other (a cookie and its
Set-Cookie, a validator and its ETag), 0.9 for shorter strong text, a form field and the hidden field of its page, a
request and the link that it follows, 0.85 for small values whose nouns agree, 0.8 for long numbers and times under one
name, 0.7 when nouns agree only as names for people; less 0.15 when the best source is an element of a list that was
read (positional), less 0.2 when its answer was an error, less 0.05 when either side was inside another value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from replay.correlate.bindings import Binding, Bindings, Source
from replay.correlate.credentials import is_static
from replay.correlate.evidence_keys import Key, Keys
from replay.correlate.fresh import FreshPlan, TextClass, find_fresh
from replay.correlate.inside import inside
from replay.correlate.introductions import introductions
from replay.correlate.nouns import Family
from replay.correlate.pieces import Piece, depth_of, outer
from replay.correlate.readings import Readings
from replay.correlate.timeline import Moment
from replay.model.session import Session
from replay.model.tree import Place

MAX_SOURCES = 5
_KEPT = 8  # producers kept per value, kind and session: the earliest are the best
_PLACE_RANK = {"header": 1, "location": 2, "link": 3, "text": 3, "data": 3, "option": 3, "button": 3, "href": 3}
_COUNTED = frozenset({"data", "option", "button", "href"})
_LONG = 16  # characters: strong text that nobody types
_OF_PARTNERS = {"cookie:": 0.99, "etag:": 0.99, "field:": 0.9, "url:": 0.9, "name:": 0.8}


@dataclass(frozen=True, slots=True)
class _Given:
    """One response value. Positional: an element of a list that somebody only read."""

    failed: bool
    positional: bool
    order: int
    source: Source
    session_id: str
    noun: str

    def rank(self, session_id: str) -> tuple[bool, bool, bool, int, int, int]:
        elsewhere = self.positional and self.session_id != session_id
        place = self.source.place
        return self.failed, self.positional, elsewhere, self.order, depth_of(place), _PLACE_RANK.get(str(place[0]), 0)


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
    return learn_with_fresh(sessions, _no_text_class)[0]


def learn_with_fresh(sessions: Sequence[Session], text_class: TextClass) -> tuple[Bindings, FreshPlan]:
    """Bindings, and the fresh values beside them, which both need the same look at every request."""
    keys = Keys(Family.of({exchange.request.path for session in sessions for exchange in session.exchanges}))
    readings = Readings.of(sessions, lambda piece, path: bool(keys.of_request(piece, path)[0]))
    return learn_from(sessions, keys, readings, text_class)


def learn_from(
    sessions: Sequence[Session], keys: Keys, readings: Readings, text_class: TextClass
) -> tuple[Bindings, FreshPlan]:
    """The same, of what was read of these sessions already."""
    learner = _Learner(keys, readings)
    for moment in readings.timeline:
        if moment.answered:
            learner.hear(moment)
        else:
            learner.ask(moment)
    bindings = Bindings(learner.bindings)
    fresh = find_fresh(sessions, bindings, text_class, readings)
    return Bindings(bindings.all, introductions(sessions, fresh)), fresh


def with_introductions(sessions: Sequence[Session], found: Sequence[Binding], readings: Readings) -> Bindings:
    """The bindings, with what no response gave and another request made known. `readings`: of these sessions."""
    bindings = Bindings(found)
    fresh = find_fresh(sessions, bindings, _no_text_class, readings)
    return Bindings(bindings.all, introductions(sessions, fresh))


def _no_text_class(_endpoint: str, _place: str) -> str:
    """Free text introduces nothing, so it need not be recognised here."""
    return ""


class _Learner:
    """What stands on one side alone has no keys: no key of the other side would be equal to one of them."""

    def __init__(self, keys: Keys, readings: Readings) -> None:
        self._keys = keys
        self._readings = readings
        self._offered = readings.offered()
        self._known: dict[Key, _Known] = {}
        self._client_made: set[Key] = set()
        self._asked: dict[str, set[Key]] = {}  # per exchange in flight: what its own request said
        self.bindings: list[Binding] = []

    def ask(self, moment: Moment) -> None:
        """A request starts: bind what is known, remember the rest as the client's own."""
        said: set[Key] = set()
        own: list[Key] = []
        for one in self._readings.said[moment.order]:
            if not self._offered.isdisjoint(one.texts) and not is_static(one.piece.place):
                self._ask(moment, one.piece, said, own)
        self._asked[moment.exchange.id] = said
        self._client_made.update(own)

    def _ask(self, moment: Moment, piece: Piece, said: set[Key], own: list[Key]) -> None:
        keys, noun = self._keys.of_request(piece, moment.exchange.request.path)
        said.update(keys)
        key = next((key for key in keys if key in self._known), None)
        if key is not None:
            self.bindings.append(_binding(moment, piece, self._known[key], key, noun))
            return
        own.extend(keys)
        if isinstance(piece.value, str):
            for part in inside(piece.value, piece.place):
                self._ask(moment, part, said, own)

    def hear(self, moment: Moment) -> None:
        """An outcome arrives: what it gives for the first time may be given back from now on."""
        exchange = moment.exchange
        said = self._asked.pop(exchange.id, set())
        for gift in self._readings.offers[moment.order].gifts:
            keys, noun = self._keys.of_answer(gift, exchange.request.path)
            for key in keys:
                if key not in said and key not in self._client_made:
                    found = _gift(moment, gift.place, noun, exchange.status)
                    self._known.setdefault(key, _Known()).add(found)


def _gift(moment: Moment, place: Place, noun: str, status: int) -> _Given:
    exchange = moment.exchange
    positional = exchange.request.is_safe and is_element(place)
    return _Given(status >= 400, positional, moment.order, Source(exchange.id, place), moment.session.id, noun)


def _binding(moment: Moment, piece: Piece, known: _Known, key: Key, noun: str) -> Binding:
    best = known.best_for(moment.session.id)
    place = best[0].source.place
    if isinstance(key, str):
        confidence = 0.99 if len(key) >= _LONG else 0.9
    elif key[0] in _OF_PARTNERS:
        confidence = _OF_PARTNERS[key[0]]
    else:
        confidence = 0.85 if noun == best[0].noun else 0.7
    is_taken_out = depth_of(piece.place) or depth_of(place)
    confidence -= 0.15 * best[0].positional + 0.2 * best[0].failed + 0.05 * bool(is_taken_out)
    sources = tuple(found.source for found in best)
    noun = noun or best[0].noun
    return Binding(moment.exchange.id, piece.place, piece.value, sources, noun, round(confidence, 2))


def is_element(place: Place) -> bool:
    """True for an element of a list (header and Location places count fields, not elements)."""
    parts = outer(place[2:] if place[0] == "link" else place)
    kind = parts[0] if parts else ""
    return (kind in {"body", "xml"} and any(isinstance(part, int) for part in parts)) or kind in _COUNTED
