"""Stand-ins of a run: those of a key that lives as long as the run, but for what the run may show (see `live_known`).

Rule: still one-to-one. A number whose stand-in would be one that is shown gets the next one of its permutation; a text
around a marker of ours is scrambled piece by piece, and the marker stays where it was.
"""

from __future__ import annotations

from replay.redact.detectors import digits_of
from replay.redact.live_known import Known
from replay.redact.pseudonyms import Pseudonym


class LivePseudonym(Pseudonym):
    """`key` has 32 bytes."""

    __slots__ = ("_known",)

    def __init__(self, key: bytes, known: Known) -> None:
        super().__init__(key)
        self._known = known

    def is_ours(self, value: str) -> bool:
        return self._known.has_text(value) or super().is_ours(value)

    def text(self, value: str) -> str:
        spans = self._known.markers_in(value)
        if not spans:
            return super().text(value)
        out, end = [], 0
        for start, stop in spans:
            out += [super().text(value[end:start]), value[start:stop]]
            end = stop
        return "".join([*out, super().text(value[end:])])

    def host(self, name: str) -> str:
        return name if name.lower().rstrip(".") in self._known.hosts else super().host(name)

    def digits(self, value: str) -> str:
        if self._known.has_digits(digits_of(value)):
            return value
        fresh = super().digits(value)
        while self._known.has_digits(digits_of(fresh)):
            fresh = super().digits(fresh)
        return fresh

    def card(self, value: str) -> str:
        return value if self._known.has_digits(digits_of(value)) else super().card(value)

    def phone(self, value: str) -> str:
        return value if self._known.has_digits(digits_of(value)) else super().phone(value)

    def moved_date(self, value: str) -> str:
        return value if self._known.has_text(value) else super().moved_date(value)

    def birth(self, value: str) -> str:
        return value if self._known.has_text(value) else super().birth(value)
