"""The policy of a run: the capture's rules over what QA answers, with the words that a run may show.

Rule: the second look is the recorder's. What it finds is asked for once more without values of ours, which look like
secrets as well (a fresh e-mail, a recorded card) and stand in traffic because we sent them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from replay.model.body import Body
from replay.model.exchange import Exchange, Outcome, Request, Response
from replay.model.headers import Headers
from replay.model.message import split_authorization
from replay.redact.builtin import BUILTIN
from replay.redact.contract import Notes, Redactor
from replay.redact.detector_net import Detector
from replay.redact.lexicon import Lexicon
from replay.redact.live_known import Known
from replay.redact.live_pseudonym import LivePseudonym
from replay.redact.policy import Keep, Policy
from replay.redact.rules import Decision, Rule
from replay.redact.swift import SwiftWay


@dataclass(frozen=True, slots=True, eq=False)
class LiveLexicon(Lexicon):
    """And the names of a run, which grow; they are known before anything that has them is redacted."""

    shown: set[str] = field(default_factory=set)

    def knows_name(self, name: str) -> bool:
        return name in self.shown or super(LiveLexicon, self).knows_name(name)

    def knows_route(self, segment: str) -> bool:
        return segment in self.shown or super(LiveLexicon, self).knows_route(segment)


class LivePolicy(Policy):
    """Of one run and one key."""

    __slots__ = ("_known", "_swift", "lexicon")

    def __init__(
        self,
        pseudonym: LivePseudonym,
        known: Known,
        redactors: Iterable[Redactor] = BUILTIN,
        keeps: Iterable[Keep] = (),
        lexicon: Lexicon | None = None,
        rules: Iterable[Rule] = (),
        detectors: Iterable[Detector] = (),
        classes: Mapping[str, Decision] | None = None,
    ) -> None:
        """Raises ConfigError, as a policy of a recording does."""
        own = lexicon or Lexicon()
        self._known = known
        self.lexicon = LiveLexicon(own.level, own.names, own.values, known.names)
        super().__init__(pseudonym, redactors, keeps, self.lexicon, rules, detectors, classes)
        is_usual = self._redactors == BUILTIN and self._net is None
        self._swift = SwiftWay(pseudonym) if is_usual else None

    def swiftly(self, request: Request, outcome: Outcome) -> tuple[Request, Response] | None:
        """What `redact` would make of both, part by part; None when only it can tell, or refuses."""
        if self._swift is None:
            return None
        try:
            return self._swift.redacted(request, outcome, self.guide_of(request))
        except Exception:  # noqa: BLE001 (the long way fails closed, and says at what)
            return None

    def _survives(self, before: Exchange, after: Exchange, notes: Notes) -> bool:
        if not super()._survives(before, after, notes):
            return False
        return super()._survives(_without(before, self._known), after, notes)


def _without(exchange: Exchange, known: Known) -> Exchange:
    """The exchange without what looks like a secret and is ours."""
    request, outcome = exchange.request, exchange.outcome
    request = Request(
        request.method,
        known.without_strong(request.target),
        _fields(request.headers, known),
        _body(request.body, known),
        request.scheme,
        request.host,
    )
    if isinstance(outcome, Response):
        headers, trailers = _fields(outcome.headers, known), _fields(outcome.trailers, known)
        outcome = Response(outcome.status, headers, _body(outcome.body, known), trailers)
    return replace(exchange, request=request, outcome=outcome)


def _fields(headers: Headers, known: Known) -> Headers:
    return Headers(tuple((name, _field(value, known)) for name, value in headers.fields))


def _field(value: str, known: Known) -> str:
    """A Basic pair that was recorded is ours as a whole: the e-mail in it is not seen before it is unfolded."""
    scheme, credentials = split_authorization(value)
    return scheme if scheme and known.has_text(credentials) else known.without_strong(value)


def _body(body: Body, known: Known) -> Body:
    text = body.data.decode("utf-8", "surrogateescape")
    return replace(body, data=known.without_strong(text).encode("utf-8", "surrogateescape"))
