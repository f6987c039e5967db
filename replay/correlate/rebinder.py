"""The live side of correlation: recorded requests in, requests of this world out; answers teach what ids mean here.

Rule: one rebinder per world. A place is bound only while it still holds what was recorded there: what a mutation put
in stays as the mutation wants it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from replay.correlate.answers import values_at
from replay.correlate.bindings import Binding, Bindings
from replay.correlate.borrow import borrowed, undressed
from replay.correlate.credentials import is_credential, is_static
from replay.correlate.growth import grown, grown_by
from replay.correlate.renewal import Renewal
from replay.correlate.shapes import canonical
from replay.model.case import SentAs, Step
from replay.model.exchange import Exchange, Outcome, Request, Response
from replay.model.message import request_leaves, text_of, with_values
from replay.model.tree import Place, Scalar, pattern

NO_CREDENTIALS = "credentials"  # unresolved: nobody was cast for the part


@dataclass(frozen=True, slots=True)
class Rewritten:
    """`unresolved` are the patterns of bound places whose live value nobody knows: the recorded one was sent."""

    request: Request
    unresolved: tuple[str, ...] = ()
    bound: int = 0


_Values = dict[Place, Scalar]


class Rebinder:
    def __init__(self, bindings: Bindings, renewal: Renewal, recorded: Mapping[str, Exchange]) -> None:
        self._bindings = bindings
        self._renewal = renewal
        self._recorded = recorded
        self._live: dict[tuple[str, Place], Scalar] = {}  # (exchange id, response place) -> this world's value

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
        return (*pairs, *self._renewal.values.items())

    def _reworded(self, exchange_id: str, request: Request, credentials_only: bool = False) -> Rewritten:
        bindings = self._bindings.of(exchange_id)
        occurrences = self._renewal.occurrences
        recorded = self._recorded.get(exchange_id)
        tail = grown_by(recorded.request.body, request.body) if recorded is not None else b""
        if recorded is not None and tail:
            own = self._reworded(exchange_id, replace(request, body=recorded.request.body), credentials_only)
            return replace(own, request=replace(own.request, body=grown(own.request.body, tail)))
        is_recorded = recorded is not None and (request is recorded.request or request == recorded.request)
        if is_recorded and occurrences is not None:
            renewed: Iterable[tuple[Place, str]] = occurrences.get(exchange_id, ())
            if not bindings and not renewed:
                return Rewritten(request)
            values: _Values = {place: self._renewal.values[text] for place, text in renewed}
            standing = [(binding, binding.value) for binding in bindings]
        else:
            leaves = dict(request_leaves(request))
            values = self._renewals(leaves)
            standing = [
                (binding, leaves[binding.place])
                for binding in bindings
                if binding.place in leaves and canonical(leaves[binding.place]) == canonical(binding.value)
            ]
        if credentials_only:
            standing = [(binding, value) for binding, value in standing if is_credential(binding.place)]
        return self._filled(request, values, standing)

    def _filled(self, request: Request, values: _Values, standing: list[tuple[Binding, Scalar]]) -> Rewritten:
        unresolved: list[str] = []
        for binding, value in standing:
            live = self._live_of(binding)
            if live is None:
                values.pop(binding.place, None)
                unresolved.append(pattern(binding.place))
            else:
                values[binding.place] = _typed_as(value, live)
        return Rewritten(with_values(request, values), tuple(unresolved), len(standing) - len(unresolved))

    def _renewals(self, leaves: Mapping[Place, Scalar]) -> _Values:
        fresh = self._renewal.values
        return {
            place: fresh[value]
            for place, value in leaves.items()
            if isinstance(value, str) and value in fresh and not is_static(place)
        }

    def _live_of(self, binding: Binding) -> Scalar:
        for source in binding.sources:
            live = self._live.get((source.exchange_id, source.place))
            if live is not None:
                return live
        return None


def _typed_as(model: Scalar, live: Scalar) -> Scalar:
    """The live value with the JSON type of what stands there: a number place receives a number if it can."""
    if isinstance(model, str):
        return text_of(live)
    if isinstance(live, str) and live.isascii() and live.isdigit():
        return int(live)
    return live
