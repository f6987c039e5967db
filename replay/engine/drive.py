"""The driver: it obeys a sans-io player over the wire.

A few workers, as many as there were requests in flight at once, each send a request, hand the answer to the player and
ask for the next one. Nothing is started or woken for a request that follows from an answer: measured, a task of its own
for each request and one loop that waits for all of them cost twice as much.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from replay.correlate.rebinder import Rewritten
from replay.engine.alarm import Alarm, alarm_for
from replay.engine.clock import Clock
from replay.engine.dressing import Dressing
from replay.model.errors import ReplayError
from replay.model.evidence import Attempt
from replay.model.exchange import Fault, FaultKind
from replay.play.cue import Cue
from replay.play.player import Player, Send, Wait
from replay.wire.client import Client, Sent, send_together

SKIPPED = "skipped"  # a withheld attempt's reason; redaction keeps a fault's detail when it is one word


class StopFlag:
    """Set once by Ctrl-C or SIGTERM: drain what is in flight, save, end."""

    def __init__(self) -> None:
        self.is_set = False
        self._listeners: list[Callable[[], None]] = []

    def set(self) -> None:
        self.is_set = True
        for listener in tuple(self._listeners):
            listener()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` when the flag is set: whoever waits for a time far away need not wait for it."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        self._listeners.remove(listener)


async def drive(
    player: Player,
    client: Client,
    clock: Clock,
    origin: float,
    endpoint: Callable[[str], str],
    stop: StopFlag,
    heard: Callable[[Attempt], None] | None = None,
    dressing: Dressing | None = None,
    beside: Callable[[Cue, Attempt], None] | None = None,
    cut: Callable[[Attempt], Attempt] = lambda attempt: attempt,
) -> list[Attempt]:
    """Play to the end (or until `stop`) and return the attempts by time of sending. Times count from `origin`.

    `heard` is told of every attempt as soon as its answer is there; `dressing` sends as somebody of the target.
    Attempts of worlds beside the first one go to `beside` alone. `cut`: what is kept of an attempt until the end.
    """
    driver = _Driver(player, client, clock, origin, endpoint, stop, heard, dressing, beside, cut)
    await driver.run()
    driver.tell_left_out()
    driver.attempts.sort()  # no two cues have one number, so attempts themselves are never compared
    return [attempt for _, _, attempt in driver.attempts]


def _first_of(group: ExceptionGroup[Exception]) -> Exception:
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, ExceptionGroup) else first


class _Driver:
    def __init__(
        self,
        player: Player,
        client: Client,
        clock: Clock,
        origin: float,
        endpoint: Callable[[str], str],
        stop: StopFlag,
        heard: Callable[[Attempt], None] | None,
        dressing: Dressing | None,
        beside: Callable[[Cue, Attempt], None] | None,
        cut: Callable[[Attempt], Attempt],
    ) -> None:
        self._player = player
        self._client = client
        self._clock = clock
        self._origin = origin
        self._endpoint = endpoint
        self._stop = stop
        self._heard = heard
        self._dressing = dressing
        self._beside = beside
        self._cut = cut
        self._start = clock.now()
        self._loop = asyncio.get_running_loop()
        self._resting: list[asyncio.Future[Send | None]] = []  # workers without work
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._alarm: Alarm | None = None  # made when something is waited for: most scenarios never wait
        self.attempts: list[tuple[float, int, Attempt]] = []  # (sent, number of the cue, attempt)

    async def run(self) -> None:
        self._player.begin(self._start)
        self._stop.listen(self._look)
        try:
            async with asyncio.TaskGroup() as self._workers:
                self._look()
                await self._ended
        except ExceptionGroup as group:
            # A full disk, say: of several workers that fail in one way, one is told.
            if group.split((ReplayError, OSError))[1] is None:
                raise _first_of(group) from None
            raise
        finally:
            self._stop.forget(self._look)
            if self._alarm is not None:
                self._alarm.close()

    def tell_left_out(self) -> None:
        """What the player skipped, as attempts that were withheld: not judged, and counted."""
        now = self._clock.now()
        for cue in self._player.left_out:
            nothing = Sent(Fault(FaultKind.WITHHELD, SKIPPED), now, now, now)
            self._record(cue, Rewritten(cue.step.request), nothing, now)

    def _look(self) -> None:
        """Hand out whatever may be sent now. Called by workers, by the alarm and when the run is stopped."""
        try:
            while not self._ended.done() and (order := self._decide()) is not None:
                if self._resting:
                    self._resting.pop().set_result(order)
                else:
                    self._workers.create_task(self._work(order))
        except Exception as error:  # noqa: BLE001 - the alarm calls from the loop, where nobody else would hear of it
            if not self._ended.done():
                self._ended.set_exception(error)

    def _decide(self) -> Send | None:
        if self._stop.is_set:
            self._player.stop()
        decided = self._player.decide(self._clock.now() - self._start)
        if isinstance(decided, Send):
            return decided
        if isinstance(decided, Wait):
            if decided.until is not None:
                self._alarm = self._alarm or alarm_for(self._look, self._clock)
                self._alarm.set(self._start + decided.until)
        elif not self._ended.done():
            self._end()
        return None

    def _end(self) -> None:
        self._ended.set_result(None)
        for worker in self._resting:
            worker.set_result(None)
        self._resting.clear()

    async def _work(self, first: Send) -> None:
        order: Send | None = first
        while order is not None:
            if self._dressing is None and len(order.cues) == 1:
                cue, one = order.cues[0], order.rewritten[0]
                self._keep(order, cue, one, await self._client.send(one.request, hint=cue.hint))
            else:
                await self._perform(order)
            order = self._decide()
            if order is not None:
                if self._player.wants_more():
                    self._look()  # an answer may have freed more than one
            elif not self._ended.done():
                rest: asyncio.Future[Send | None] = self._loop.create_future()
                self._resting.append(rest)
                order = await rest

    async def _perform(self, order: Send) -> None:
        if self._dressing is not None:
            done = await self._dressing.send(self._client, order.cues, order.rewritten)
            for cue, worn in zip(order.cues, done, strict=True):
                self._keep(order, cue, worn.rewritten, worn.sent, worn.identity)
            return
        requests = tuple(one.request for one in order.rewritten)
        results = await send_together(self._client, requests, tuple(cue.hint for cue in order.cues))
        for cue, one, result in zip(order.cues, order.rewritten, results, strict=True):
            self._keep(order, cue, one, result)

    def _keep(self, order: Send, cue: Cue, one: Rewritten, result: Sent, identity: str = "") -> None:
        self._player.arrived(cue, result.outcome, result.ended - self._start, result.ended - result.sent)
        self._record(cue, one, result, order.intended + self._start, identity)

    def _record(self, cue: Cue, one: Rewritten, result: Sent, intended: float, identity: str = "") -> None:
        origin = self._origin
        attempt = Attempt(  # in the order of its fields: names would cost as much as the values
            cue.step.exchange_id,
            cue.session_id,
            self._endpoint(cue.step.exchange_id),
            cue.actor,
            cue.sent_as,
            cue.part,
            one.request,
            result.outcome if self._dressing is None else self._dressing.conceal(result.outcome),
            intended - origin,
            result.sent - origin,
            (result.first_byte or result.ended) - origin,
            result.ended - origin,
            cue.step.copy,
            cue.recorded_status,
            one.unresolved,
            one.bound,
            identity=identity,
        )
        if cue.world and self._beside is not None:
            self._beside(cue, attempt)
            return
        self.attempts.append((result.sent, cue.number, self._cut(attempt)))
        if self._heard is not None:
            self._heard(attempt)
