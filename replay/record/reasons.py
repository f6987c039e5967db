"""Which rules of a policy decide at the places of a finished capture.

Rule: told from routes and places. A route whose words became stand-ins is not recognised.
"""

from __future__ import annotations

from replay.model.exchange import Exchange
from replay.model.message import path_segments
from replay.record.redacting import policy_of
from replay.record.settings import RecordSettings
from replay.record.settings_redact import compiled_rules
from replay.redact.explaining import KEEP, Sources, decision_at
from replay.redact.guide import Guide
from replay.redact.kinds import Action
from replay.redact.rules import Decision

_NO_KEY = bytes(32)  # nothing is redacted here


class Reasons:
    """Without settings there are none. Raises ConfigError."""

    def __init__(self, settings: RecordSettings | None = None) -> None:
        self._policy = policy_of(_NO_KEY, settings) if settings else None
        self.sources = Sources(compiled_rules(settings.redact).rules if settings else ())
        self._guides: dict[str, tuple[Guide, int]] = {}  # by endpoint, with the number of segments

    @property
    def digest(self) -> str:
        return self._policy.digest if self._policy else ""

    def see(self, endpoint: str, exchange: Exchange) -> None:
        """The first exchange of an endpoint speaks for all."""
        if self._policy is not None and endpoint not in self._guides:
            self._guides[endpoint] = self._policy.guide(exchange), len(path_segments(exchange.request.path))

    def decision(self, at: tuple[str, str, str], action: str) -> Decision | None:
        """At an endpoint, a side and the pattern of a place. What stayed, no rule that hides has let stay."""
        endpoint, side, place = at
        if endpoint not in self._guides:
            return None
        guide, segments = self._guides[endpoint]
        found = decision_at(guide, side, place, place.removesuffix("[*]").rpartition(".")[2], segments)
        return None if found and action == KEEP and found.action is not Action.KEEP else found
