"""Each message of some sessions read once, for everybody who learns from them: bindings, fresh values, refinement.

Rule: requests are read first, for what they hold says what is looked for in responses (see `wanted`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from replay.correlate.offers import Offer, offer_of
from replay.correlate.shapes import canonical
from replay.correlate.timeline import Moment, moments
from replay.correlate.wanted import HasKeys, Said, Wanted, said_by
from replay.model.session import Session

_NOTHING = Offer()


@dataclass(frozen=True, slots=True, repr=False)
class Readings:
    """By the order of a moment: what its request said, and what its response gives of all that any request says."""

    timeline: tuple[Moment, ...]
    said: tuple[tuple[Said, ...], ...]
    offers: tuple[Offer, ...]

    @classmethod
    def of(cls, sessions: Sequence[Session], has_keys: HasKeys | None = None) -> Readings:
        """`has_keys`: see `wanted.said_by`."""
        timeline = tuple(moments(sessions))
        begun = sorted((one for one in timeline if not one.answered), key=lambda one: one.order)
        said = tuple([said_by(one.exchange.request, has_keys) for one in begun])
        wanted = Wanted.of(said)
        answers = (one.exchange.response for one in begun)
        return cls(timeline, said, tuple([offer_of(one, wanted) if one else _NOTHING for one in answers]))

    def offered(self) -> frozenset[str]:
        """The texts that stand on both sides."""
        return frozenset(canonical(gift.value) for offer in self.offers for gift in offer.gifts)
