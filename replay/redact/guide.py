"""What a policy says about the places of one endpoint, decided before any exchange is looked at."""

from __future__ import annotations

from collections.abc import Mapping
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

    def sheet(self, side: Side) -> Sheet | None:
        return self.request if side is Side.REQUEST else self.response

    def finding(self, found: Mapping[str, Decision]) -> Guide:
        """The same, where `found` may not stay."""
        return replace(self, found=found, inside=None)

    def within(self) -> Guide:
        """For what stands inside a value: places of the document outside say nothing there."""
        if self.request is None and self.response is None:
            return self
        return self.inside or replace(self, request=None, response=None)


PLAIN = Guide()
