"""The policy: which redactors work, what may stay, and the only door through which an exchange becomes redacted.

    Exchange -> redactor -> redactor -> ... -> second look -> RedactedExchange
                                                  \\-> Refused, and nothing is written

Rule: fail closed. What a redactor cannot do refuses the exchange, and a refusal names types and fixed words only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from replay.model.capture import RedactedField
from replay.model.endpoint import endpoint_of
from replay.model.exchange import Exchange, RedactedExchange, Request
from replay.redact.affording import LeftOut, affordable
from replay.redact.builtin import BUILTIN
from replay.redact.contract import Action, Notes, Redactor, Side, ValueClass
from replay.redact.detector_net import Detector, DetectorNet, TooManyError
from replay.redact.guide import Guide
from replay.redact.lexicon import BUILT_IN, Lexicon
from replay.redact.policy_rules import Guides, Keep
from replay.redact.pseudonyms import Pseudonym
from replay.redact.ruled_bodies import without_ruled_bodies
from replay.redact.rules import Decision, Rule
from replay.redact.survivors import has_survivor
from replay.redact.vocabulary import fingerprint_text

__all__ = ["Keep", "Policy", "Redacted", "Refused"]

_MOST_FINDS = 256  # remembered
RAW_MARK = "+raw"  # in the digest of a policy that lets whole exchanges through
RULES_VERSION = 6  # raise it when the same lists come to mean something else


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
    """One key, an ordered tuple of redactors, and what the policy's author says about places and names."""

    __slots__ = (
        "_classes",
        "_finds",
        "_guides",
        "_keeps",
        "_lexicon",
        "_net",
        "_pseudonym",
        "_raw_hosts",
        "_redactors",
        "_rules",
    )

    def __init__(
        self,
        pseudonym: Pseudonym,
        redactors: Iterable[Redactor] = BUILTIN,
        keeps: Iterable[Keep] = (),
        lexicon: Lexicon = BUILT_IN,
        rules: Iterable[Rule] = (),
        detectors: Iterable[Detector] = (),
        classes: Mapping[str, Decision] | None = None,
        raw_hosts: Iterable[str] = (),
    ) -> None:
        """`classes`: what a schema's formats do at places without a rule. Raises ConfigError on contradictions.

        `raw_hosts` are upstreams that somebody has said hold synthetic data: their exchanges stay as they are.
        """
        self._pseudonym = pseudonym
        self._redactors = tuple(redactors)
        self._keeps = tuple(keeps)
        self._lexicon = lexicon
        self._rules = tuple(rules)
        known = tuple(detectors)
        self._net = DetectorNet(known) if known else None
        self._finds: dict[tuple[Guide, frozenset[tuple[str, Decision]]], Guide] = {}
        self._classes = dict(classes or {})
        self._raw_hosts = frozenset(raw_hosts)
        self._guides = Guides(self._rules, self._keeps, lexicon, pseudonym, classes=self._classes, detects=bool(known))

    def redact(self, exchange: Exchange | Redacted, upstream: str = "") -> Redacted:
        """The only maker of a RedactedExchange. Raises Refused. What is redacted already comes back as it is.

        `upstream`: the host that the proxy itself has asked, not what a client calls it.
        """
        if isinstance(exchange, Redacted):
            return exchange
        is_raw = bool(self._raw_hosts) and upstream.lower() in self._raw_hosts
        fresh, told = (exchange, _raw_fields(exchange)) if is_raw else self._hidden(exchange)
        return Redacted(RedactedExchange(fresh), told)

    @property
    def digest(self) -> str:
        """Names the rules, not the key: equal digests redact alike."""
        lexicon = self._lexicon
        lines = [f"rules {RULES_VERSION}", *(f"redactor {redactor!r}" for redactor in self._redactors)]
        lines += sorted(f"keep {keep!r}" for keep in self._keeps)
        lines += sorted(f"rule {rule}" for rule in self._rules)
        lines += [str(self._net or ""), f"level {lexicon.level}"]
        lines += sorted(f"name {name!r}" for name in lexicon.names)
        lines += sorted(f"value {value!r}" for value in lexicon.values)
        lines += sorted(f"raw {host!r}" for host in self._raw_hosts)
        lines += sorted(f"class {place!r} {decision}" for place, decision in self._classes.items())
        text = "\n".join([*lines, fingerprint_text()])
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return digest + RAW_MARK if self._raw_hosts else digest

    @property
    def key_id(self) -> str:
        return self._pseudonym.key_id()

    @property
    def decided(self) -> Collection[int]:
        """Ids of the decisions of rules that held anywhere so far, also inside of values."""
        return self._guides.decided

    def guide(self, exchange: Exchange) -> Guide:
        """What the policy says about the places of this exchange, for whoever explains it."""
        return self._guides.of(exchange.request)

    def guide_of(self, request: Request) -> Guide:
        return self._guides.of(request)

    def _hidden(self, exchange: Exchange) -> tuple[Exchange, tuple[RedactedField, ...]]:
        """All redactors, the detectors, the second look. Raises Refused."""
        cut = affordable(exchange)
        if cut is None:
            raise Refused("too-costly")
        exchange, left_out = cut
        guide = self._guides.of(exchange.request)
        fresh, notes = self._rewritten(exchange, guide, left_out)
        found = self._found(exchange, fresh, notes) if self._net else None
        if found:
            fresh, notes = self._rewritten(exchange, self._finding(guide, found), left_out)
            if self._found(exchange, fresh, notes):
                raise Refused("detector")
        if self._survives(exchange, fresh, notes):
            raise Refused("survivor")
        return fresh, notes.fields(endpoint_of(fresh.request.method, fresh.request.target))

    def _finding(self, guide: Guide, found: dict[str, Decision]) -> Guide:
        """One object for the same finds, which caches are keyed by."""
        key = (guide, frozenset(found.items()))
        known = self._finds.get(key)
        if known is None:
            if len(self._finds) >= _MOST_FINDS:
                self._finds.clear()
            known = self._finds[key] = guide.finding(found)
        return known

    def _rewritten(self, exchange: Exchange, guide: Guide, left_out: LeftOut) -> tuple[Exchange, Notes]:
        notes = Notes(guide)
        for side, place in left_out:
            notes.did(side, place, ValueClass.TOO_COSTLY, Action.DROP)
        exchange = without_ruled_bodies(exchange, notes)
        for redactor in self._redactors:
            exchange = self._step(redactor, exchange, notes)
        return exchange, notes

    def _found(self, before: Exchange, after: Exchange, notes: Notes) -> dict[str, Decision]:
        """Texts that stayed and that a detector finds something in."""
        try:
            stayed = notes.words | (_spelt(after) & _spelt(before))
            return self._net.found(stayed) if self._net else {}
        except TooManyError:
            failed = "too-many"
        except Exception as error:  # noqa: BLE001 (as below)
            failed = type(error).__name__
        raise Refused("detector", failed)

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


def _raw_fields(exchange: Exchange) -> tuple[RedactedField, ...]:
    """Told as what it is, once for each side."""
    endpoint = endpoint_of(exchange.request.method, exchange.request.target)
    return tuple(RedactedField(endpoint, side.value, "*", "exchange", "raw", 1) for side in Side)


def _spelt(exchange: Exchange) -> set[str]:
    """Segments of the path, and values of header fields: some stay without a note."""
    response = exchange.response
    fields = exchange.request.headers.fields + (response.headers.fields if response else ())
    return {*map(unquote, exchange.request.path.split("/")), *(value for _, value in fields)}
