"""The policy: which redactors work, what may stay, and the only door through which an exchange becomes redacted.

    Exchange -> redactor -> redactor -> ... -> second look -> RedactedExchange
                                                  \\-> Refused, and nothing is written

Rule: fail closed. What a redactor cannot do refuses the exchange, and a refusal names types and fixed words only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from replay.model.capture import RedactedField
from replay.model.endpoint import endpoint_of
from replay.model.errors import ConfigError
from replay.model.exchange import Exchange, RedactedExchange
from replay.redact.budget import is_too_costly
from replay.redact.builtin import BUILTIN
from replay.redact.contract import Notes, Redactor
from replay.redact.guide import Guide
from replay.redact.lexicon import BUILT_IN, Lexicon
from replay.redact.pseudonyms import Pseudonym
from replay.redact.survivors import has_survivor
from replay.redact.vocabulary import fingerprint_text

RULES_VERSION = 3  # raise it when the same lists come to mean something else


@dataclass(frozen=True, slots=True)
class Keep:
    """Values at a place may stay, for a reason that an auditor can read.

    `place` is a pattern as `model.tree.pattern` writes it; without an `endpoint` (`GET /courses/{id}`) it holds at
    all. A kept text that contains an e-mail, a card, a token that anybody knows by sight is pseudonymised all the same.
    """

    place: str
    reason: str
    endpoint: str = ""

    def __post_init__(self) -> None:
        if not self.place.strip() or not self.reason.strip():
            raise ConfigError("A keep rule needs a place and a reason: say why anybody may read the values there.")


class Refused(Exception):  # noqa: N818 (a verdict in the words of the house, not an error of the program)
    """The exchange must not be written. `reason` is a fixed word, `detail` a unit's and a type's name."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"refused: {reason}" + (f" ({detail})" if detail else ""))
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True, repr=False)
class Redacted:
    """A finished exchange and what was done to it, without any value."""

    exchange: RedactedExchange
    fields: tuple[RedactedField, ...]


class Policy:
    """One key, an ordered tuple of redactors, and the places that may stay."""

    __slots__ = ("_guides", "_keeps", "_lexicon", "_pseudonym", "_redactors")

    def __init__(
        self,
        pseudonym: Pseudonym,
        redactors: Iterable[Redactor] = BUILTIN,
        keeps: Iterable[Keep] = (),
        lexicon: Lexicon = BUILT_IN,
    ) -> None:
        self._pseudonym = pseudonym
        self._redactors = tuple(redactors)
        self._keeps = tuple(keeps)
        self._lexicon = lexicon
        self._guides: dict[frozenset[str], Guide] = {}  # as many as sets of rules that hold together

    def redact(self, exchange: Exchange | Redacted) -> Redacted:
        """The only maker of a RedactedExchange. Raises Refused. What is redacted already comes back as it is."""
        if isinstance(exchange, Redacted):
            return exchange
        if is_too_costly(exchange):
            raise Refused("too-costly")
        notes = Notes(self._guide_at(exchange))
        fresh = exchange
        for redactor in self._redactors:
            fresh = self._step(redactor, fresh, notes)
        if self._survives(exchange, fresh, notes):
            raise Refused("survivor")
        endpoint = endpoint_of(fresh.request.method, fresh.request.target)
        return Redacted(RedactedExchange(fresh), notes.fields(endpoint))

    @property
    def digest(self) -> str:
        """Names the rules, not the key: equal digests redact alike."""
        lines = [f"rules {RULES_VERSION}", *(f"redactor {redactor!r}" for redactor in self._redactors)]
        lines += sorted(f"keep {keep!r}" for keep in self._keeps)
        return hashlib.blake2b("\n".join([*lines, fingerprint_text()]).encode(), digest_size=16).hexdigest()

    @property
    def key_id(self) -> str:
        return self._pseudonym.key_id()

    def _guide_at(self, exchange: Exchange) -> Guide:
        keeps: frozenset[str] = frozenset()
        if self._keeps:
            endpoint = endpoint_of(exchange.request.method, exchange.request.target)
            keeps = frozenset(keep.place for keep in self._keeps if keep.endpoint in ("", endpoint))
        known = self._guides.get(keeps)
        if known is None:
            known = self._guides[keeps] = Guide(keeps, self._lexicon)
        return known

    def _step(self, redactor: Redactor, exchange: Exchange, notes: Notes) -> Exchange:
        try:
            return redactor.redact(exchange, self._pseudonym, notes)
        except Exception as error:  # noqa: BLE001 (fail closed: the text of any error may quote the value)
            failed = type(error).__name__
        raise Refused("redactor-failed", f"{redactor.name}: {failed}")

    def _survives(self, before: Exchange, after: Exchange, notes: Notes) -> bool:
        try:
            return has_survivor(before, after, notes, self._pseudonym)
        except Exception as error:  # noqa: BLE001 (as above)
            failed = type(error).__name__
        raise Refused("second-look-failed", failed)
