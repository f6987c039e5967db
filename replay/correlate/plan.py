"""Where the live values go in one recorded request, found once: text that stays, and holes between it.

    GET /courses/17/notes?cursor=eyJpZCI6OX0   ->   "/courses/" hole "/notes?cursor=" hole("{\"id\":" hole "}")

Rule: filling reads no tree and parses nothing; a hole that cannot be filled keeps what was recorded there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from replay.correlate.asked import BODY, TARGET, Section, body_pieces, field_pieces, sections, target_pieces
from replay.correlate.binding import Binding
from replay.correlate.credentials import is_credential, is_static
from replay.correlate.inside import inside
from replay.correlate.pieces import Piece, Spell, outer
from replay.correlate.shapes import canonical
from replay.model.body import Body
from replay.model.exchange import Request
from replay.model.headers import Headers
from replay.model.message import text_of
from replay.model.tree import Place, Scalar, pattern

_OF_TARGET = frozenset({"path", "query"})
_FIELDS: Mapping[str | int, str] = {"auth": "authorization", "cookie": "cookie"}  # kinds of places that name a field
_OF_FIELDS = frozenset({"header", *_FIELDS})
_LONGEST_ECHO = 256  # characters; nobody echoes more than that as one value


LiveKey: TypeAlias = "tuple[str, Place]"
"""An exchange and a place in its response."""


@dataclass(frozen=True, slots=True, repr=False)
class Template:
    """`texts` joined are the recorded text; `holes` say which of them a live value replaces."""

    texts: tuple[str, ...]
    holes: tuple[tuple[int, Hole], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Hole:
    """What goes in: the first known one of `sources` (for `binding`), the new text of `fresh`, or `inner` filled."""

    spell: Spell
    model: Scalar  # the recorded value: the live one receives its type
    sources: tuple[LiveKey, ...] = ()
    binding: Binding | None = None
    fresh: str = ""  # a recorded value of the clients' own
    inner: Template | None = None


Live: TypeAlias = "Mapping[LiveKey, Scalar]"
"""This world's values, as far as they are known."""


@dataclass(slots=True)
class Tally:
    """What filling met. `credentials_only`: other places are filled, too, but nobody asks for them."""

    credentials_only: bool = False
    bound: int = 0
    unresolved: list[str] = field(default_factory=list)
    composed: list[tuple[str, str]] = field(default_factory=list)  # recorded and live text of what holds live values


@dataclass(frozen=True, slots=True, repr=False)
class RewritePlan:
    """`templates` by the index of the header field, TARGET or BODY; texts without holes are not among them."""

    request: Request
    templates: tuple[tuple[int, Template], ...] = ()
    occurrences: object = None  # the fresh plan's, for which it was made
    bound: tuple[Binding, ...] = ()  # for which it was made

    def fits(self, bound: tuple[Binding, ...]) -> bool:
        """True when those bindings fill the same holes from the same sources, however sure of them somebody is."""
        return self.bound is bound or _filling(self.bound) == _filling(bound)

    def filled(self, live: Live, fresh: Mapping[str, str], tally: Tally) -> Request:
        """The request in this world's words."""
        if not self.templates:
            return self.request
        request = self.request
        target, body = request.target, request.body
        fields: list[tuple[str, str]] | None = None
        for at, template in self.templates:
            text = _fill(template, live, fresh, tally)
            if at == TARGET:
                target = text
            elif at == BODY:
                body = Body(text.encode("utf-8", "surrogateescape"), body.content_type)
            else:
                fields = fields or list(request.headers.fields)
                fields[at] = (fields[at][0], text)
        headers = Headers(tuple(fields)) if fields else request.headers
        return Request(request.method, target, headers, body, request.scheme, request.host)


def plan_of(request: Request, bindings: Iterable[Binding], fresh: Wanted, occurrences: object = None) -> RewritePlan:
    """The plan of a request. Of the bindings count those whose place holds what was recorded there."""
    given = tuple(bindings)
    bound = {binding.place: binding for binding in given}
    if not bound and not fresh:
        return RewritePlan(request, (), occurrences, given)
    maker = _Maker(bound, fresh)
    found = sections(request) if isinstance(fresh, Mapping) and fresh else _holding(request, maker.wanted)
    made = ((section.field, maker.of_section(section)) for section in found)
    templates = tuple((at, template) for at, template in made if template is not None)
    return RewritePlan(request, templates, occurrences, given)


def _filling(bound: tuple[Binding, ...]) -> list[tuple[Place, Scalar, list[LiveKey]]]:
    return [(one.place, one.value, [(source.exchange_id, source.place) for source in one.sources]) for one in bound]


def _holding(request: Request, places: Iterable[Place]) -> Iterator[Section]:
    """Of `sections` those that can hold one of the places: of a dozen texts mostly one or two have to be read."""
    kinds = {place[0] for place in places}
    if not kinds.isdisjoint(_OF_TARGET):
        yield Section(TARGET, request.target, target_pieces(request.target))
    names = {_FIELDS.get(place[0], place[1]) for place in places if place[0] in _OF_FIELDS}
    seen: dict[str, int] = {}
    for i, (name, value) in enumerate(request.headers.fields if names else ()):
        key = name.lower()
        if key in names:
            n = seen.get(key, 0)
            seen[key] = n + 1
            yield Section(i, value, field_pieces(key, n, value))
    if not kinds <= _OF_TARGET | _OF_FIELDS:
        text, pieces = body_pieces(request.body)
        if pieces:
            yield Section(BODY, text, pieces)


Wanted: TypeAlias = "Mapping[str, str] | frozenset[Place]"
"""Which values are fresh: all of these texts wherever they stand, or what stands at these places."""


class _Maker:
    def __init__(self, bound: Mapping[Place, Binding], fresh: Wanted) -> None:
        self._bound = bound
        self._texts: Mapping[str, str] = fresh if isinstance(fresh, Mapping) else {}
        self._places = frozenset(fresh) if not isinstance(fresh, Mapping) else frozenset()
        self.wanted = (*bound, *self._places)
        self._opened = {place[:i] for place in self.wanted for i in range(len(outer(place)), len(place))}

    def of_section(self, section: Section) -> Template | None:
        return self._template(section.text, section.pieces)

    def _template(self, text: str, pieces: Iterable[Piece]) -> Template | None:
        """None when there is no hole in the text."""
        texts: list[str] = []
        holes: list[tuple[int, Hole]] = []
        at = 0
        for piece in sorted(pieces, key=lambda one: one.start):
            hole = self._hole(piece)
            if hole is not None and piece.start >= at:
                texts += (text[at : piece.start], text[piece.start : piece.end])
                holes.append((len(texts) - 1, hole))
                at = piece.end
        return Template((*texts, text[at:]), tuple(holes)) if holes else None

    def _hole(self, piece: Piece) -> Hole | None:
        if is_static(piece.place):
            return None
        binding = self._bound.get(piece.place)
        if binding is not None and canonical(binding.value) == canonical(piece.value):
            sources = tuple((source.exchange_id, source.place) for source in binding.sources)
            return Hole(piece.spell, piece.value, sources, binding)
        if not isinstance(piece.value, str):
            return None
        if piece.value in self._texts or piece.place in self._places:
            return Hole(piece.spell, piece.value, fresh=piece.value)
        if piece.place not in self._opened and not self._texts:
            return None
        inner = self._template(piece.value, inside(piece.value, piece.place))
        return Hole(piece.spell, piece.value, inner=inner) if inner else None


def _fill(template: Template, live: Live, fresh: Mapping[str, str], tally: Tally) -> str:
    texts = list(template.texts)
    for at, hole in template.holes:
        if hole.binding is not None:
            value = _bound(hole, hole.binding, live, tally)
        elif hole.inner is not None:
            value = _fill(hole.inner, live, fresh, tally)
            if value != hole.model and len(value) <= _LONGEST_ECHO:
                tally.composed.append((str(hole.model), value))
        else:
            value = fresh[hole.fresh]
        if value is not None and (value != hole.model or value.__class__ is not hole.model.__class__):
            texts[at] = hole.spell(value)
    return "".join(texts)


def _bound(hole: Hole, binding: Binding, live: Live, tally: Tally) -> Scalar:
    """The live value as it is written there; None when nobody knows it."""
    counts = not tally.credentials_only or is_credential(binding.place)
    for key in hole.sources:
        value = live.get(key)
        if value is not None:
            tally.bound += counts
            return typed_as(hole.model, value)
    if counts:
        tally.unresolved.append(pattern(binding.place))
    return None


def typed_as(model: Scalar, live: Scalar) -> Scalar:
    """The live value with the JSON type of what stands there: a number place receives a number if it can."""
    if isinstance(model, str):
        return live if isinstance(live, str) else text_of(live)
    if isinstance(live, str) and live.isascii() and live.isdigit():
        return int(live)
    return live
