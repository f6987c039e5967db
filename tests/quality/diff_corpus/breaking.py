"""One broken thing: which field, how, in which answers; and where a report must point."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from quality.diff_corpus.service import Answer, Endpoint, Row
from quality.diff_corpus.stable_fields import Family
from quality.diff_corpus.worlds import Turn, digest

Break = Callable[[Row, str, Turn], None]
"""Changes the row's field in place; rows of a page come one by one."""
BreakAnswer = Callable[[Answer, str], None]

FIELD, STATUS, BODY, TOP = "field", "status", "body", "top"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of regression. `families`: whose fields it can break; `least` answers must be hit to be visible at all."""

    name: str
    families: tuple[Family, ...]
    row: Break | None = None
    answer: BreakAnswer | None = None
    at: str = FIELD
    least: int = 1
    shares: tuple[float, ...] = (1.0, 0.3, 0.05)
    is_hard: bool = False
    has_new_name: bool = False

    @property
    def is_noisy(self) -> bool:
        return any(family.is_noisy for family in self.families)


@dataclass(frozen=True, slots=True)
class Regression:
    kind: Kind
    family: Family
    share: float

    def fits(self, endpoint: Endpoint) -> bool:
        return (self.kind.at != TOP or endpoint.is_page) and bool(self._names(endpoint))

    def name(self, endpoint: Endpoint) -> str:
        return self._names(endpoint)[0]

    def _names(self, endpoint: Endpoint) -> list[str]:
        return [one.name for one in endpoint.fields if one.family is self.family]

    def hits(self, seed: int, endpoint: Endpoint, requests: int) -> frozenset[int]:
        """Which requests of the endpoint (by `nth`) are broken: the same in every world."""
        wanted = min(requests, max(self.kind.least, math.ceil(self.share * requests)))
        ranked = sorted(range(requests), key=lambda nth: digest(seed, "hit", endpoint.noun, nth))
        return frozenset(ranked[:wanted])

    def break_it(self, answer: Answer, endpoint: Endpoint) -> None:
        if answer.status >= 500:
            return
        name = self.name(endpoint)
        if self.kind.answer:
            self.kind.answer(answer, name)
        elif self.kind.row:
            for row in answer.rows:
                if name in row:
                    self.kind.row(row, name, answer.turn)

    def places(self, endpoint: Endpoint) -> tuple[str, ...]:
        """Where a report of it may point; it may also point above or below."""
        if self.kind.at == FIELD:
            own = endpoint.place(self.name(endpoint))
            return (own, own.rpartition(".")[0]) if self.kind.has_new_name else (own,)  # redaction hides new names
        return (endpoint.top_place(),) if self.kind.at == TOP else (self.kind.at,)
