"""What a policy says about the places of one endpoint, decided before any exchange is looked at."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

from replay.redact.kinds import Side
from replay.redact.lexicon import BUILT_IN, Lexicon
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rule_book import Sheet
from replay.redact.rules import Decision


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """One object for each set of rules that hold together.

    `request` and `response` are the rules that hold here, None where none does; `names` those for names. `found` are
    texts that would stay and that a detector has found something in. `domains` are stand-ins apart from all others.
    """

    lexicon: Lexicon = BUILT_IN
    request: Sheet | None = None
    response: Sheet | None = None
    names: Sheet | None = None
    domains: Mapping[str, Pseudonym] = field(default_factory=dict)
    detects: bool = False
    found: Mapping[str, Decision] = field(default_factory=dict)
    inside: Guide | None = None  # what is left of it inside a value, made once
    is_inside: bool = False  # it is what is left
    is_reaching: bool = False  # for one value, on the way to the document in it: nothing is remembered

    def sheet(self, side: Side) -> Sheet | None:
        return self.request if side is Side.REQUEST else self.response

    def finding(self, found: Mapping[str, Decision]) -> Guide:
        """The same, where `found` may not stay."""
        return replace(self, found=found, inside=None)

    def within(self) -> Guide:
        """For what stands inside a value: places of the document outside say nothing there."""
        if self.is_inside or self.is_reaching or (self.request is None and self.response is None):
            return self
        if self.inside is not None:
            return self.inside
        request, response = (sheet and sheet.inside() for sheet in (self.request, self.response))
        return replace(self, request=request, response=response, is_inside=True)

    def reaching(self, side: Side, place: str) -> Guide | None:
        """For the value at `place`, when rules hold for places in a document that it may be."""
        sheet = self.sheet(side)
        start = sheet.inside(place) if sheet is not None else None
        if start is None:
            return None
        inside = self.base().within()
        return replace(inside, request=start, response=start, inside=inside, is_reaching=True)

    def base(self) -> Guide:
        """The same, where nothing is being reached for."""
        return self.inside if self.is_reaching and self.inside is not None else self

    def scope(self, side: Side) -> Hashable:
        """What remembered changes of texts depend on."""
        sheet = self.sheet(side)
        return self.lexicon if sheet is None or sheet.scope is None else (self.lexicon, sheet.scope)


PLAIN = Guide()
