"""The last door before the wire: nothing leaves that the run may not send, and everything that leaves is counted.

    player, logins, retries, cleanup  -->  GuardedClient.send  -->  Client.send  -->  target
                                            may it? take one, tag it, look at the answer

Rule: between taking from the budget and sending nothing is awaited, so two requests can never take the same one. What
is not sent comes back as the fault `withheld`, whose detail is the reason's word; it is no evidence against anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from replay.model.exchange import Fault, FaultKind, Outcome, Request
from replay.model.hint import NO_HINT, Hint
from replay.pace.budget import Allowance
from replay.pace.governor import Together
from replay.pace.overload import is_throttled, retry_after
from replay.pace.reads import is_read
from replay.wire.client import Client, Sent
from replay.wire.gate import Gate
from replay.wire.tags import Tags
from replay.wire.target import Target

WRITES_NOT_ALLOWED = "writes-not-allowed"
BUDGET = "budget"
STOPPED = "stopped"
_RETRIES = 4  # of a request that only reads and was throttled
_FIRST_PAUSE_SECONDS = 0.5  # doubles with each retry, where the answer does not say when to come back
_SLICE_SECONDS = 0.1  # so soon does a waiting request see Ctrl-C
_GATE_PATIENCE_SECONDS = 1.0  # requests that go at once cannot be held back one by one for longer


@dataclass(slots=True)
class Guard:
    """What the door knows. `expects_throttling`: the recording was throttled here, too; such an answer stands."""

    allowance: Allowance = field(default_factory=Allowance)
    governor: Together = field(default_factory=lambda: Together(()))
    tags: Tags | None = None
    reads_only: bool = False
    is_stopped: Callable[[], bool] = lambda: False
    expects_throttling: Callable[[Request], bool] = lambda _request: False
    witness: Callable[[Request, Outcome], None] | None = None  # sees each request as it left, and its answer
    in_flight: int = 0
    paused_until: float = float("-inf")
    throttled: int = 0  # answers that asked for less, retried ones included

    def delay(self, now: float, request: Request, *, is_promised: bool) -> float | None:
        """Seconds until it may go (0 or less: now); None: it may not go any more."""
        wait = self.paused_until - now
        allowance = self.allowance
        if allowance.is_limited:
            wait = max(wait, allowance.delay(now, request))
            limit = allowance.budget.concurrency
            if limit is not None and self.in_flight >= limit:
                wait = max(wait, _SLICE_SECONDS / 10)
        if is_promised:
            return wait
        asked = self.governor.wait(now, self.in_flight)
        return None if asked is None else max(wait, asked)


class GuardedClient(Client):
    """A client whose every request passes the guard."""

    def __init__(self, target: Target, clock: Callable[[], float], guard: Guard, **options: Any) -> None:
        super().__init__(target, clock, **options)
        self._now = clock
        self._guard = guard

    async def __aenter__(self) -> GuardedClient:
        await super().__aenter__()
        return self

    async def send(
        self, request: Request, gate: Gate | None = None, *, hint: Hint = NO_HINT, is_configured: bool = False
    ) -> Sent:
        """One request, and again while a throttled one may be retried (it only reads, and the budget allows it).

        `is_configured`: the user wrote this request down (a login), so it may go where other writes may not.
        """
        guard = self._guard
        begun = self._now()
        is_promised = guard.governor.promised > 0
        if is_promised:
            guard.governor.promised -= 1
        if guard.reads_only and not is_configured and not is_read(request):
            return await self._withheld(WRITES_NOT_ALLOWED, begun, gate, is_promised=is_promised)
        tagged = guard.tags.tagged(request) if guard.tags else request
        result = await self._once(request, tagged, gate, hint, is_promised=is_promised)
        if isinstance(result, str):
            return await self._withheld(result, begun, gate, is_promised=False)
        if is_throttled(result.outcome) and not guard.expects_throttling(request):
            result = await self._again(request, tagged, gate, hint, result)
        if not is_promised:
            self._observe(result)  # else by whoever promised it
        return result

    async def _once(
        self, request: Request, tagged: Request, gate: Gate | None, hint: Hint, *, is_promised: bool
    ) -> Sent | str:
        """Wait until it may go, take it off the budget and send it; else why it may not go."""
        guard = self._guard
        now = self._now()
        delay = guard.delay(now, request, is_promised=is_promised)
        if delay is None or delay > 0:
            refused = await self._wait(request, gate, is_promised=is_promised)
            if refused:
                if is_promised:
                    guard.allowance.forgo()
                return refused
            now = self._now()
        if not is_promised:
            guard.governor.sent(now, request)
            guard.governor.promised -= 1
        if not guard.allowance.take(now, request):
            return BUDGET
        guard.in_flight += 1
        try:
            result = await self._on_its_way(tagged, gate, hint)
        finally:
            guard.in_flight -= 1
        guard.allowance.answered(result.outcome)
        if guard.witness is not None:
            guard.witness(tagged, result.outcome)
        return result

    async def _again(self, request: Request, tagged: Request, gate: Gate | None, hint: Hint, result: Sent) -> Sent:
        """After a throttled answer: everybody pauses; what only reads is sent again, a few times."""
        guard, pause = self._guard, _FIRST_PAUSE_SECONDS
        for left in range(_RETRIES, -1, -1):
            guard.throttled += 1
            asked = retry_after(result.outcome)
            guard.paused_until = max(guard.paused_until, self._now() + (pause if asked is None else asked))
            pause *= 2
            if not left or gate is not None or not is_read(request) or guard.is_stopped():
                break
            self._observe(result)  # the last answer is told by `send`
            again = await self._once(request, tagged, None, hint, is_promised=False)
            if isinstance(again, str):
                break
            result = again
            if not is_throttled(result.outcome):
                break
        return result

    async def _wait(self, request: Request, gate: Gate | None, *, is_promised: bool) -> str:
        guard = self._guard
        while True:
            delay = guard.delay(self._now(), request, is_promised=is_promised)
            if delay is None:
                return guard.governor.reason.partition(":")[0] or BUDGET
            if delay <= 0:
                return ""
            if guard.is_stopped():
                return STOPPED
            if gate is not None and delay > _GATE_PATIENCE_SECONDS:
                return BUDGET
            await asyncio.sleep(min(delay, _SLICE_SECONDS))

    def _observe(self, result: Sent) -> None:
        self._guard.governor.observed(self._now(), result.ended - result.sent, result.outcome)

    async def _withheld(self, reason: str, begun: float, gate: Gate | None, *, is_promised: bool) -> Sent:
        if is_promised:
            self._guard.allowance.forgo()
        if gate is not None:
            await gate.wait()  # the others of its group need not wait for it
        # Redaction keeps a fault's detail when it could be a type's name: letters and underscores.
        return Sent(Fault(FaultKind.WITHHELD, reason.replace("-", "_")), begun, 0.0, self._now())
