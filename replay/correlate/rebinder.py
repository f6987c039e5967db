"""The live side of correlation: recorded requests in, requests of this world out; answers teach what ids mean here.

Rule: one rebinder per world. A place is bound only while it still holds what was recorded there: what a mutation put
in stays as the mutation wants it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from replay.correlate.answers import values_at
from replay.correlate.bindings import Binding, Bindings
from replay.correlate.borrow import borrowed, undressed
from replay.correlate.growth import grown, grown_by
from replay.correlate.plan import RewritePlan, Tally, Wanted, plan_of
from replay.correlate.renewal import Renewal
from replay.correlate.shapes import canonical
from replay.model.case import SentAs, Step
from replay.model.exchange import Exchange, Outcome, Request, Response
from replay.model.message import text_of
from replay.model.tree import Place, Scalar

NO_CREDENTIALS = "credentials"  # unresolved: nobody was cast for the part


@dataclass(frozen=True, slots=True)
class Rewritten:
    """`unresolved` are the patterns of bound places whose live value nobody knows: the recorded one was sent."""

    request: Request
    unresolved: tuple[str, ...] = ()
    bound: int = 0


class Rebinder:
    def __init__(self, bindings: Bindings, renewal: Renewal, recorded: Mapping[str, Exchange]) -> None:
        self._bindings = bindings
        self._renewal = renewal
        self._recorded = recorded
        self._live: dict[tuple[str, Place], Scalar] = {}  # (exchange id, response place) -> this world's value
        self._composed: dict[str, str] = {}  # `user-17` -> `user-501`: what was sent because of the parts inside
        self.heard: dict[str, Response] | None = None  # the first answer to every exchange, for whoever asks for them

    def rewrite(self, step: Step, cast_exchange_id: str = "") -> Rewritten:
        """The step in this world's words, with the credentials that its role asks for."""
        if step.sent_as is SentAs.OWN:
            return self._reworded(step.exchange_id, step.request)
        bare = self._reworded(step.exchange_id, undressed(step.request))
        if step.sent_as is SentAs.ANONYMOUS:
            return bare
        lender = self._recorded.get(cast_exchange_id)
        if lender is None:
            return Rewritten(bare.request, (*bare.unresolved, NO_CREDENTIALS), bare.bound)
        dress = self._reworded(lender.id, lender.request, credentials_only=True)
        request = borrowed(step.request, bare.request, dress.request)
        return Rewritten(request, (*bare.unresolved, *dress.unresolved), bare.bound + dress.bound)

    def absorb(self, exchange_id: str, live: Outcome) -> None:
        """Learn what the server gave here. The first answer counts: copies of a request do not rename anything."""
        if self.heard is not None and isinstance(live, Response):
            self.heard.setdefault(exchange_id, live)
        places = self._bindings.sources_at(exchange_id)
        recorded = self._recorded.get(exchange_id)
        if not places or not isinstance(live, Response):
            return
        if live.status >= 400 and recorded is not None and recorded.status < 400:
            return  # the id in an error is not the id of what should have been made
        for place, value in values_at(live, places).items():
            if canonical(value):
                self._live.setdefault((exchange_id, place), value)

    def renamed(self) -> tuple[tuple[str, str], ...]:
        """Recorded and live text of everything bound so far and of every renewal, without repetition."""
        pairs: dict[tuple[str, str], None] = {}
        for binding in self._bindings.all:
            live = self._live_of(binding)
            if live is not None:
                pairs[text_of(binding.value), text_of(live)] = None
        pairs.update(dict.fromkeys(self._composed.items()))
        return (*pairs, *self._renewal.values.items())

    def _reworded(self, exchange_id: str, request: Request, credentials_only: bool = False) -> Rewritten:
        recorded = self._recorded.get(exchange_id)
        if recorded is not None and (request is recorded.request or request == recorded.request):
            plan = self._plan(exchange_id, recorded.request)
            if not plan.templates:
                return Rewritten(plan.request)
        elif recorded is not None and (tail := grown_by(recorded.request.body, request.body)):
            own = self._reworded(exchange_id, replace(request, body=recorded.request.body), credentials_only)
            return replace(own, request=replace(own.request, body=grown(own.request.body, tail)))
        else:
            plan = plan_of(request, self._bindings.of(exchange_id), self._renewal.values)
        tally = Tally(credentials_only)
        done = plan.filled(self._live, self._renewal.values, tally)
        if tally.composed:
            self._composed.update(tally.composed)
        return Rewritten(done, tuple(tally.unresolved), tally.bound)

    def _plan(self, exchange_id: str, request: Request) -> RewritePlan:
        """The recorded request's plan, made once for all worlds that know where their fresh values stand."""
        occurrences = self._renewal.occurrences
        if occurrences is None:
            return plan_of(request, self._bindings.of(exchange_id), self._renewal.values)
        known, bound = self._bindings.plans.get(exchange_id), self._bindings.of(exchange_id)
        if known is not None and known.request is request and known.occurrences is occurrences:
            if known.bound is bound:
                return known
            if known.fits(bound):  # as mostly after a replay that taught nothing
                known = replace(known, bound=bound)
                self._bindings.remember(exchange_id, known)
                return known
        wanted: Wanted = frozenset(place for place, _ in occurrences.get(exchange_id, ()))
        made = plan_of(request, bound, wanted, occurrences)
        self._bindings.remember(exchange_id, made)
        return made

    def _live_of(self, binding: Binding) -> Scalar:
        for source in binding.sources:
            live = self._live.get((source.exchange_id, source.place))
            if live is not None:
                return live
        return None
