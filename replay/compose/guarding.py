"""Puts the safety of a run together: target checks, guard, reset, handshake, cleanup.

Rule: nothing is sent before `begin` has returned, and what a run made is counted whether it is deleted again or not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field, replace

from replay.compose.config_safety import Safety
from replay.engine.cleanup import clean_up
from replay.engine.creations import Creations
from replay.engine.hooks import reset
from replay.engine.settings import RunSettings
from replay.model.endpoint import endpoint_of
from replay.model.errors import ProbeError, UsageError
from replay.model.event import CleanedUp, Event, RunEnded, Unjudged
from replay.model.exchange import Outcome, Request
from replay.model.finding import NotJudged
from replay.model.remains import Remains
from replay.model.session import Session
from replay.pace.budget import Allowance, Budget
from replay.pace.governor import Governor, Together
from replay.pace.governor_rate import Rate
from replay.probe.contract import Probe
from replay.probe.counting import CountingProbe
from replay.probe.reset_sql import run_script
from replay.wire.guard import BUDGET, Guard, GuardedClient
from replay.wire.handshake import shake_hands
from replay.wire.tags import Tags
from replay.wire.target import Target, refuse_public, refuse_unlisted, require_reachable, resolve_target

NOTHING_TO_READ = (
    "{capture} holds no exchange that can be replayed without writing, and {target} is not on this machine: say"
    " --allow-writes if it may be written to."
)
_THROTTLED_STATUSES = frozenset({429, 503})


def check_target(safety: Safety, target: Target) -> None:
    """Raises TargetError for a target that is not on the list, or public without anybody saying so."""
    refuse_unlisted(target, safety.targets)
    if not safety.allow_public_target:
        refuse_public(target)


def is_reads_only(safety: Safety, target: Target) -> bool:
    """On this machine everything is sent; elsewhere only what may change nothing, unless somebody says otherwise."""
    return not (safety.allow_writes or target.is_loopback)


async def begin_alone(
    safety: Safety, url: str, run_id: str, clock: Callable[[], float], allowed: Callable[[Target], None]
) -> None:
    """What comes before the first request, once for all workers. `allowed` raises when the target is not."""
    if not safety.reset.is_needed:
        return
    if safety.reset.between:
        raise UsageError("Workers replay side by side: [reset] between = true needs a run without --workers.")
    target = resolve_target(url)
    check_target(safety, target)
    allowed(target)
    await require_reachable(target)
    keeper = Keeper.of(safety.resolved(), target, run_id, lambda: False)
    async with GuardedClient(target, clock, keeper.guard) as client:
        await keeper.begin(client)


@dataclass(slots=True)
class Keeper:
    """The safety of one run. `safety` is resolved: its secrets are read."""

    safety: Safety
    target: Target
    run_id: str
    guard: Guard
    creations: Creations
    throttled: set[str]  # endpoints that the recording saw throttled
    words: set[str] = field(default_factory=set)  # of the recording's endpoints
    _is_fresh: bool = False  # reset, and nothing was played since
    _rows: CountingProbe | None = field(default=None)

    @classmethod
    def of(
        cls,
        safety: Safety,
        target: Target,
        run_id: str,
        is_stopped: Callable[[], bool],
    ) -> Keeper:
        throttled: set[str] = set()
        allowance = Allowance(safety.budget)
        governors: list[Governor] = [allowance] if allowance.is_limited else []
        adaptive, breaker = safety.governed(), safety.breaker()
        if adaptive is not None:
            governors.append(adaptive)
        elif safety.budget.requests_per_second is not None:
            governors.append(Rate(safety.budget.requests_per_second))
        if breaker is not None:
            governors.append(breaker)
        creations = Creations(target.authority)
        guard = Guard(
            allowance,
            Together(tuple(governors)),
            Tags(run_id, safety.run_header, safety.traceparent, safety.user_agent_suffix),
            is_reads_only(safety, target),
            is_stopped,
            lambda request: endpoint_of(request.method, request.target) in throttled,
        )
        if safety.cleanup.is_wanted:
            guard.witness = creations.witness
        return cls(safety, target, run_id, guard, creations, throttled)

    @property
    def governor(self) -> Governor:
        return self.guard.governor

    def limited(self, settings: RunSettings) -> RunSettings:
        most = self.safety.budget.concurrency or settings.concurrency
        return replace(settings, concurrency=min(settings.concurrency, most))

    def expect(self, sessions: Iterable[Session]) -> None:
        """Where the recording was throttled, such an answer is one to reproduce; and its endpoints' words are known."""
        for session in sessions:
            for one in session.exchanges:
                endpoint = endpoint_of(one.request.method, one.request.target)
                self.words.update(endpoint.split("/"))
                if one.status in _THROTTLED_STATUSES:
                    self.throttled.add(endpoint)

    def watched(self, probe: Probe | None) -> Probe | None:
        """The probe, counted: for the budget of rows, and for what is left."""
        if probe is None:
            if self.safety.budget.rows is not None:
                raise UsageError("A budget of rows needs somebody who sees rows: name the target's database with --db.")
            return None
        self._rows = CountingProbe(probe, self.guard.allowance.rows_changed)
        return self._rows

    async def begin(self, client: GuardedClient, *, is_resumed: bool = False) -> None:
        """Handshake, then reset (a resumed run needs what it made before). Raises TargetError or ResetError."""
        if self.safety.handshake:
            await shake_hands(client, self.target, self.safety.handshake_token)
        if is_resumed:
            return
        await self.reset()
        self._is_fresh = True
        if self._rows is not None and self.safety.reset.is_needed:
            await self._rows.settle(0.2, 5.0)
            await self._rows.read()
            self._rows.forget()  # what the reset did is not the run's
            self.guard.allowance.rows = 0

    async def reset(self) -> None:
        if self.safety.reset.is_needed:
            told = {"REPLAY_RUN": self.run_id, "REPLAY_TARGET": self.target.url}
            await reset(self.safety.reset, run_script, told)

    async def between(self) -> None:
        """Before every clean replay; the first one of a run, of whichever group, comes right after the reset."""
        if self.safety.reset.between and not self._is_fresh:
            await self.reset()
        self._is_fresh = False

    async def events(self, events: AsyncIterator[Event], client: GuardedClient) -> AsyncIterator[Event]:
        """The same run; before its end what stopped it is told, and what it made is deleted and counted."""
        async for event in events:
            if not isinstance(event, RunEnded):
                yield event
                continue
            for verdict in self._endings():
                yield Unjudged(verdict, planned=True)
                event = replace(event, summary=replace(event.summary, not_judged=event.summary.not_judged + 1))
            is_spent = self.governor.reason.partition(":")[0] == BUDGET
            if self.safety.cleanup.is_wanted and (event.finished or is_spent):  # else --resume goes on with it
                yield CleanedUp(await self._clean_up(client))
                event = replace(event, finished=True)  # what it would need to go on is gone
            yield event

    def _endings(self) -> Iterable[NotJudged]:
        word, _, detail = self.governor.reason.partition(": ")
        if word:
            sent = self.guard.allowance.requests
            yield NotJudged(word, f"{detail}; nothing more was sent after {sent} requests", "", "all")

    async def _clean_up(self, client: GuardedClient) -> tuple[Remains, ...]:
        """Not counted against the run's budget: two requests at most for each thing that was made."""
        guard = self.guard
        allowance = Allowance(Budget(requests=2 * len(self.creations.made) + 1))
        others = (one for one in guard.governor.governors if not isinstance(one, Allowance))
        guard.allowance, guard.governor = allowance, Together((allowance, *others))
        guard.is_stopped = lambda: False
        guard.witness = None

        async def send(request: Request) -> Outcome:
            return (await client.send(request)).outcome

        remains = await clean_up(self.safety.cleanup, self.run_id, self.creations, send)
        return (*self._recorded(remains), *await self._rows_left())

    def _recorded(self, remains: Iterable[Remains]) -> Iterable[Remains]:
        """By endpoints in the recording's words: a live slug is nothing for a run file."""
        added: dict[str, Remains] = {}
        for one in remains:
            place = "/".join(word if word in self.words else "{id}" for word in one.place.split("/"))
            old = added.get(place, Remains(one.kind, place, 0, 0))
            made, deleted, unproven = old.made + one.made, old.deleted + one.deleted, old.unproven + one.unproven
            added[place] = Remains(one.kind, place, made, deleted, unproven)
        return added.values()

    async def _rows_left(self) -> tuple[Remains, ...]:
        rows = self._rows
        if rows is None or not self.safety.is_alone:
            return ()
        try:
            await rows.settle(0.2, 5.0)
            await rows.read()
        except ProbeError:
            return ()
        return tuple(Remains("rows", name, made, rows.deleted[name]) for name, made in sorted(rows.inserted.items()))
