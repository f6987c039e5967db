"""Whether a stand-in occurs in a finished exchange: in any of its texts, and in what can be decoded from them.

Rule: it counts where no letter or digit stands next to it, whatever its case: `u3f…@d91….example` in a sentence, in a
percent-encoded path, in the claims of a JWT; `4711` in `user-4711`, and not in `47110`.
"""

from __future__ import annotations

from collections.abc import Iterable

from replay.model.exchange import Exchange
from replay.model.session import Actor
from replay.redact.survivors import stands_alone
from replay.redact.unfolding import texts_of, unfolded

_MOST_CLEAN = 200_000
SHORTEST = 4  # characters; a shorter text stands in everybody's traffic


class Occurrence:
    """One or more stand-ins of one original (a name has another one as a login than as an e-mail)."""

    def __init__(self, stand_ins: Iterable[str]) -> None:
        self._wanted = tuple(sorted({one.strip().casefold() for one in stand_ins} - {""}))
        self._clean: set[int] = set()
        self.found: set[str] = set()  # those that occurred in what was looked at

    def is_in(self, exchange: Exchange, actor: Actor | None = None) -> bool:
        if actor is not None and (self.is_named(actor.tenant) or self.is_named(actor.principal)):
            return True
        return any(self._is_in(text) for text in texts_of(exchange))

    def _is_in(self, text: str) -> bool:
        """Most header fields come again and again: those without a hit are known by heart."""
        mark = hash(text)
        if mark in self._clean:
            return False
        found = any(map(self.is_named, unfolded(text)))
        if not found and len(self._clean) < _MOST_CLEAN:
            self._clean.add(mark)
        return found

    def is_named(self, text: str) -> bool:
        folded = text.casefold()
        found = [one for one in self._wanted if one in folded and stands_alone(one, folded)]
        self.found.update(found)
        return bool(found)
