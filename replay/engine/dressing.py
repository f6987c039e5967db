"""Sends requests as somebody of the target: dressed before, and once more after a 401 with renewed credentials.

Rule: what goes into an attempt is the request as it was before it was dressed, and the answer without live secrets.
The player alone learns from the answer as it came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from replay.correlate.rebinder import Rewritten
from replay.identity.contract import CREDENTIALS, Dressed, Dresser, Order
from replay.identity.places import credentials_in
from replay.model.case import SentAs
from replay.model.exchange import Exchange, Outcome, Response
from replay.model.hint import Hint
from replay.model.tree import pattern
from replay.play.cue import Cue
from replay.wire.client import Client, Sent, send_together


@dataclass(frozen=True, slots=True, repr=False)
class Performed:
    """`rewritten` as it is stored; `identity` is what dressed it."""

    rewritten: Rewritten
    sent: Sent
    identity: str


class Dressing:
    """`recorded` finds an exchange of the capture by its id: the one whose credentials a step borrows."""

    def __init__(self, dresser: Dresser, recorded: Callable[[str], Exchange | None]) -> None:
        self._dresser = dresser
        self._recorded = recorded

    def conceal(self, outcome: Outcome) -> Outcome:
        return self._dresser.conceal(outcome)

    async def send(self, client: Client, cues: tuple[Cue, ...], rewritten: tuple[Rewritten, ...]) -> list[Performed]:
        """One result for each cue. Several are sent together, and once more together when all were refused."""
        orders = [self._order(cue, one) for cue, one in zip(cues, rewritten, strict=True)]
        worn = [await self._dresser.dress(order) for order in orders]
        hints = tuple(cue.hint for cue in cues)
        sent = await _sent(client, worn, hints)
        again = await self._again(orders, worn, sent)
        if again:
            worn = again
            sent = await _sent(client, worn, hints)
            if self._all_refused(orders, worn, sent):
                for one in worn:
                    self._dresser.refused(one)
        return [
            Performed(_as_stored(cue, one, dressed), result, dressed.identity)
            for cue, one, dressed, result in zip(cues, rewritten, worn, sent, strict=True)
        ]

    async def _again(self, orders: list[Order], worn: list[Dressed], sent: list[Sent]) -> list[Dressed]:
        """Empty when the answers stand: not all were refused, or nothing could be renewed."""
        if not self._all_refused(orders, worn, sent):
            return []
        renewed = [await self._dresser.again(order, one) for order, one in zip(orders, worn, strict=True)]
        return [one for one in renewed if one is not None] if all(one is not None for one in renewed) else []

    def _all_refused(self, orders: list[Order], worn: list[Dressed], sent: list[Sent]) -> bool:
        return all(
            self._dresser.is_refusal(order, one, _status(result))
            for order, one, result in zip(orders, worn, sent, strict=True)
        )

    def _order(self, cue: Cue, one: Rewritten) -> Order:
        lender = self._recorded(cue.cast) if cue.cast else None
        return Order(
            request=one.request,
            recorded=lender.request if lender else cue.step.request,
            actor=cue.sent_as,
            is_anonymous=cue.step.sent_as is SentAs.ANONYMOUS,
            recorded_status=cue.recorded_status,
        )


def _as_stored(cue: Cue, one: Rewritten, dressed: Dressed) -> Rewritten:
    """An identity resolves what no binding did; a borrowed part that nobody can play is unresolved."""
    unresolved = one.unresolved
    if dressed.identity and not dressed.is_lacking:
        filled = {pattern(credential.place) for credential in credentials_in(one.request)}
        unresolved = tuple(place for place in unresolved if place not in filled)
    missing = set(dressed.unresolved)
    if dressed.is_lacking and cue.step.sent_as is SentAs.OTHER_TENANT:
        missing.add(CREDENTIALS)
    return replace(one, unresolved=(*unresolved, *(place for place in sorted(missing) if place not in unresolved)))


async def _sent(client: Client, worn: list[Dressed], hints: tuple[Hint, ...]) -> list[Sent]:
    if len(worn) == 1:
        return [await client.send(worn[0].request, hint=hints[0])]
    return await send_together(client, tuple(one.request for one in worn), hints)


def _status(sent: Sent) -> int:
    return sent.outcome.status if isinstance(sent.outcome, Response) else 0
