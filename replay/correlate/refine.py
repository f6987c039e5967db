"""Bindings after the first clean replay: what differs between recording and replay, and returns, is dynamic.

    recorded  {"lot": "14"} … GET /bids?l=14      replayed  {"lot": "92"}     so l is bound to lot

Rule: a value that only the replay shows to be dynamic is bound when it is telling by itself (six characters, or four
with a digit), or when at least two different ones travel between the same two places and no third one contradicts.
Rule: when the recorded value was answered as recorded, a date, price or word of a state is never bound, and a number is
not telling: the client's own was taken.
Rule: a source that the live answer does not have goes behind the others; one that another source contradicts goes when
the request was answered as recorded, and comes last when it was not.
Rule: a guess (confidence below 0.8) whose live value was refused where the recorded one was accepted is dropped.
Rule: confidence of a new link 0.75, by repetition 0.65; of a link that the replay confirmed 0.05 more, 0.99 at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from replay.correlate.answers import values_at
from replay.correlate.binding import Binding, Source
from replay.correlate.bindings import Bindings
from replay.correlate.credentials import is_static
from replay.correlate.inside import inside
from replay.correlate.learn import is_element, with_introductions
from replay.correlate.pieces import Piece, depth_of
from replay.correlate.readings import Readings
from replay.correlate.shapes import Strength, canonical, strength
from replay.correlate.timeline import Moment
from replay.model.endpoint import endpoint_of
from replay.model.exchange import Exchange, Response
from replay.model.session import Session
from replay.model.tree import Place, Scalar, pattern

_GUESS = 0.8
_REFUSALS = frozenset({400, 404, 409, 410, 412, 422})
_TELLING, _SHORT_TELLING = 6, 4  # characters; the shorter with a digit
_CONFIDENCE, _BY_REPETITION, _CONFIRMED, _MOST = 0.75, 0.65, 0.05, 0.99

Route = tuple[str, str, str, str]
"""Consumer's endpoint and place pattern, producer's endpoint and place pattern."""


@dataclass(frozen=True, slots=True)
class Refinement:
    """`is_changed`: requests would be written otherwise than in the replay that taught it."""

    bindings: Bindings
    added: int = 0
    dropped: int = 0
    is_changed: bool = False


def refined(bindings: Bindings, recorded: Sequence[Session], replayed: Mapping[str, Response]) -> Refinement:
    """What the live answers to the recorded exchanges teach. Exchanges without one teach nothing."""
    exchanges = {one.id: one for session in recorded for one in session.exchanges}
    live = {
        exchange_id: values_at(replayed[exchange_id], bindings.sources_at(exchange_id))
        for exchange_id in exchanges
        if exchange_id in replayed
    }
    judged = [_judged(binding, exchanges[binding.exchange_id], live, replayed) for binding in bindings.all]
    kept = [binding for binding in judged if binding is not None]
    readings = Readings.of(recorded)
    links = _links(recorded, replayed, bindings, readings)
    is_changed = bool(links) or [one.sources[:1] for one in kept] != [one.sources[:1] for one in bindings.all]
    found = with_introductions(recorded, [*kept, *links], readings)
    return Refinement(found, len(links), len(judged) - len(kept), is_changed)


def _judged(
    binding: Binding, consumer: Exchange, live: Mapping[str, Mapping[Place, Scalar]], replayed: Mapping[str, Response]
) -> Binding | None:
    """The binding as the replay leaves it, None when it is refuted."""
    answer = replayed.get(binding.exchange_id)
    values = [live.get(source.exchange_id, {}).get(source.place) for source in binding.sources]
    best = next((canonical(value) for value in values if value is not None), "")
    if answer is None or not best:
        return binding
    came_back = answer.status == consumer.status
    is_refused = answer.status in _REFUSALS and 200 <= consumer.status < 400
    pairs = list(zip(binding.sources, values, strict=True))
    absent = [source for source, value in pairs if value is None]
    agreeing = [source for source, value in pairs if value is not None and canonical(value) == best]
    others = [source for source, value in pairs if value is not None and canonical(value) != best]
    if came_back:
        gain = _CONFIRMED if best != canonical(binding.value) else 0.0
        sources = (*agreeing, *absent)
        return replace(binding, sources=sources, confidence=min(_MOST, round(binding.confidence + gain, 2)))
    if is_refused and others:
        return replace(binding, sources=(*others, *agreeing, *absent))
    if is_refused and binding.confidence < _GUESS and best != canonical(binding.value):
        return None
    return replace(binding, sources=(*agreeing, *others, *absent))


def unrefuted(bindings: Bindings, recorded: Sequence[Session], replayed: Mapping[str, Response]) -> Refinement:
    """Without the guesses that a later replay refutes; nothing else is learned from it."""
    exchanges = {one.id: one for session in recorded for one in session.exchanges}
    live = {one: values_at(replayed[one], bindings.sources_at(one)) for one in exchanges if one in replayed}
    kept = [one for one in bindings.all if _judged(one, exchanges[one.exchange_id], live, replayed) is not None]
    dropped = len(bindings.all) - len(kept)
    if not dropped:
        return Refinement(bindings)
    return Refinement(with_introductions(recorded, kept, Readings.of(recorded)), 0, dropped, is_changed=True)


@dataclass(slots=True)
class _Candidates:
    """Values that differ and may return, gathered along the recording's time."""

    replayed: Mapping[str, Response]
    bindings: Bindings
    readings: Readings
    given: dict[str, Source] = field(default_factory=dict)  # who gave each dynamic value first
    own: set[str] = field(default_factory=set)
    endpoints: dict[str, str] = field(default_factory=dict)
    links: list[tuple[Route, Binding]] = field(default_factory=list)
    unexplained: dict[tuple[str, str], int] = field(default_factory=dict)  # values per place that nothing explains

    def ask(self, moment: Moment) -> None:
        exchange = moment.exchange
        endpoint = endpoint_of(exchange.request.method, exchange.request.target)
        self.endpoints[exchange.id] = endpoint
        bound = {binding.place for binding in self.bindings.of(exchange.id)}
        own: set[str] = set()
        taken: set[Place] = set()
        for piece in _unbound((one.piece for one in self.readings.said[moment.order]), bound):
            if depth_of(piece.place) and any(piece.place[: len(place)] == place for place in taken):
                continue
            text = canonical(piece.value)
            source = self.given.get(text)
            if source is None or text in self.own:
                own.add(text)
                at = endpoint, pattern(piece.place)
                self.unexplained[at] = self.unexplained.get(at, 0) + 1
            else:
                route = endpoint, pattern(piece.place), self.endpoints[source.exchange_id], pattern(source.place)
                taken.add(piece.place)
                link = Binding(exchange.id, piece.place, piece.value, (source,), "", _CONFIDENCE)
                self.links.append((route, link))
        self.own |= own

    def hear(self, moment: Moment) -> None:
        recorded, live = moment.exchange.response, self.replayed.get(moment.exchange.id)
        if recorded is None or live is None or live.status != recorded.status:
            return
        gifts = self.readings.offers[moment.order].gifts
        now = values_at(live, [gift.place for gift in gifts])
        rows = Counter(canonical(gift.value) for gift in gifts if is_element(gift.place))
        for gift in gifts:
            text = canonical(gift.value)
            if rows[text] > 1 and is_element(gift.place):
                continue  # rows that share a time: which of them it came from is chance
            other = now.get(gift.place)
            if other is not None and canonical(other) != text and text not in self.own:
                self.given.setdefault(text, Source(moment.exchange.id, gift.place))


def _links(
    recorded: Sequence[Session], replayed: Mapping[str, Response], bindings: Bindings, readings: Readings
) -> list[Binding]:
    """New bindings, in the order of the requests."""
    found = _Candidates(replayed, bindings, readings)
    for moment in readings.timeline:
        if moment.answered:
            found.hear(moment)
        else:
            found.ask(moment)
    values: dict[Route, set[str]] = {}
    routes: dict[tuple[str, str], set[Route]] = {}
    for route, link in found.links:
        values.setdefault(route, set()).add(canonical(link.value))
        routes.setdefault(route[:2], set()).add(route)
    out = []
    recorded_statuses = {one.id: one.status for session in recorded for one in session.exchanges}
    for route, link in found.links:
        answer = replayed.get(link.exchange_id)
        was_accepted = answer is not None and answer.status == recorded_statuses[link.exchange_id]
        text = canonical(link.value)
        if was_accepted and strength(text) is Strength.NEVER:
            continue
        if _is_telling(text) and not (was_accepted and text.isascii() and text.isdigit()):
            out.append(link)
        elif len(values[route]) > 1 and len(routes[route[:2]]) == 1 and not found.unexplained.get(route[:2]):
            out.append(replace(link, confidence=_BY_REPETITION))
    return out


def _unbound(pieces: Iterable[Piece], bound: set[Place]) -> Iterator[Piece]:
    """Every value that no binding speaks for, and what is inside it."""
    for piece in pieces:
        if piece.place in bound or is_static(piece.place):
            continue
        if canonical(piece.value):
            yield piece
        if isinstance(piece.value, str):
            yield from _unbound(inside(piece.value, piece.place), bound)


def _is_telling(text: str) -> bool:
    """Nobody sends it twice by chance, once it is known that the server changes it."""
    has_digit = any(mark.isdigit() for mark in text)
    is_one = not any(mark.isspace() for mark in text)
    return is_one and (len(text) >= _TELLING or (len(text) >= _SHORT_TELLING and has_digit))
