"""What a policy says about the places of one endpoint, decided before any exchange is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from replay.redact.lexicon import BUILT_IN, Lexicon


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """`keeps` are place patterns (`body.items[*].title`) whose values stay here. One object for each endpoint."""

    keeps: frozenset[str] = frozenset()
    lexicon: Lexicon = BUILT_IN

    def within(self) -> Guide:
        """For what stands inside a value: places of the document outside say nothing there."""
        return Guide(lexicon=self.lexicon) if self.keeps else self


PLAIN = Guide()
