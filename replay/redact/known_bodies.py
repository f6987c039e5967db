"""Bodies of one key that came before in the same form: by their templates, which are learned as bodies come.

Rule: as all memory of redaction, bounded, in this process alone, and of no influence on what comes out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from replay.model.body import EMPTY, Body
from replay.model.exchange import Exchange, Fault, FaultKind, Request, Response
from replay.redact.body_formats import Format, format_of
from replay.redact.body_template import Pieces, Template, cut, differing, template_of
from replay.redact.builtin import BODIES, JSON_BODIES
from replay.redact.contract import Notes, Original, Side
from replay.redact.glance import Anchor, kept
from replay.redact.guide import Guide
from replay.redact.pseudonyms import Pseudonym
from replay.redact.readings import Look, look_at_body, look_at_texts
from replay.redact.rewriter import Rewriter
from replay.redact.survivors import anchors_of

_MOST_FORMS = 6  # of bodies with as many pieces and the same first name
_MOST_GROUPS = 512  # of forms; more than services have
_TRIALS = 24  # bodies without a form; when most find none, no more is spent on them
_NOBODY = Fault(FaultKind.CONNECT)
_ASKED = Request("GET", "/")


Key = tuple[Guide, str, int, bytes]
"""How a body is read, how many pieces it has, its first name."""


class Seen(NamedTuple):
    """A body in full, of which a template may be made when another one is like it."""

    pieces: Pieces
    fresh: bytes
    content_type: str
    originals: frozenset[Original]


class Form(NamedTuple):
    template: Template
    seen: Seen
    anchors: tuple[Anchor, ...]
    looks: tuple[Look, ...]


@dataclass(slots=True)
class Group:
    """Bodies that begin alike. `found` and `missed` count those with and without a form."""

    forms: list[Form] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    found: int = 0
    missed: int = 0

    @property
    def is_hopeless(self) -> bool:
        return self.missed > _TRIALS + 2 * self.found


class Part(NamedTuple):
    """A redacted body: by what its originals could be found again, and what was read in it."""

    body: Body
    anchors: tuple[Anchor, ...]
    looks: tuple[Look, ...] | list[Look]


NOTHING = Part(EMPTY, (), ())


class KnownBodies:
    """Redacts one body at a time."""

    __slots__ = ("_groups", "_pseudonym")

    def __init__(self, pseudonym: Pseudonym) -> None:
        self._pseudonym = pseudonym
        self._groups: dict[Side, dict[Key, Group]] = {Side.REQUEST: {}, Side.RESPONSE: {}}

    def redacted(self, side: Side, body: Body, notes: Notes, fresh: list[str]) -> Part:
        """What is new in the body is noted in `notes`, and its new texts go to `fresh`, for the second look."""
        is_json = bool(body.data) and not body.truncated and _is_json(body.content_type)
        pieces = cut(body.data) if is_json else None
        if pieces is None:
            return self._walked(side, body, notes, fresh, is_json)
        group = self._group(side, (notes.guide, body.content_type, len(pieces), pieces[1]))
        desk = Rewriter(self._pseudonym, notes, side)
        for i, form in enumerate(group.forms):
            if not form.template.fits(pieces):
                continue
            done = form.template.filled(desk, pieces)
            if done is None:
                break
            group.found += 1
            if i:
                group.forms.insert(0, group.forms.pop(i))
            fresh += done[1]
            return Part(Body(done[0], form.template.content_type), form.anchors, form.looks)
        own = Notes(notes.guide)
        part = self._walked(side, body, own, fresh, is_json)
        notes.add(own)
        group.missed += 1
        if not group.is_hopeless and part.body.data:
            seen = Seen(pieces, part.body.data, part.body.content_type, frozenset(own.originals))
            self._learn(group, side, notes.guide, seen)
        return part

    def _group(self, side: Side, key: Key) -> Group:
        groups = self._groups[side]
        group = groups.get(key)
        if group is None:
            if len(groups) >= _MOST_GROUPS:
                groups.clear()
            group = groups[key] = Group()
        return group

    def _walked(self, side: Side, body: Body, notes: Notes, fresh: list[str], is_json: bool) -> Part:
        """By the redactors of bodies, alone with it."""
        if side is Side.REQUEST:
            one = Exchange("", Request("GET", "/", body=body), _NOBODY)
        else:
            one = Exchange("", _ASKED, Response(200, body=body))
        for redactor in JSON_BODIES if is_json else BODIES:
            one = redactor.redact(one, self._pseudonym, notes)
        done = one.request.body if side is Side.REQUEST else one.outcome.body  # type: ignore[union-attr] # as made
        fresh.append(f"content-type: {done.content_type}")
        return Part(done, (), look_at_body(done, self._pseudonym, fresh))

    def _learn(self, group: Group, side: Side, guide: Guide, seen: Seen) -> None:
        """One like it gives a template with holes where the two differ, beside those that it has already."""
        known = [(form.seen, {hole.at for hole in form.template.holes}) for form in group.forms]
        for other, holes in [*known, *((one, set[int]()) for one in group.seen)]:
            apart = differing(other.pieces, seen.pieces)
            form = None if apart is None else self._form(side, guide, seen, holes | set(apart))
            if form is not None:
                group.forms = [form, *(one for one in group.forms if one.seen is not other)][:_MOST_FORMS]
                group.seen = [one for one in group.seen if one is not other]
                return
        group.seen = [seen, *group.seen][:_MOST_FORMS]

    def _form(self, side: Side, guide: Guide, seen: Seen, holes: set[int]) -> Form | None:
        desk = Rewriter(self._pseudonym, Notes(guide), side)
        made = template_of(desk, seen.pieces, holes, seen.fresh, seen.originals, seen.content_type)
        if made is None:
            return None
        looks = (
            Look(kept(one.words), one.hits)
            for one in look_at_texts([made.plain(), f"content-type: {seen.content_type}"], self._pseudonym)
        )
        return Form(made, seen, anchors_of(made.notes.originals, self._pseudonym), tuple(looks))


@lru_cache(maxsize=256)
def _is_json(content_type: str) -> bool:
    return format_of(Body(b"", content_type).media_type) is Format.JSON
