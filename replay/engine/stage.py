"""The stage: the recording, what was learned from it, and the means to play it against the target."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from replay.correlate.bindings import Bindings
from replay.correlate.closure import Scenarios
from replay.correlate.fresh import FreshPlan
from replay.correlate.rebinder import Rebinder
from replay.engine.beside import Beside
from replay.engine.clock import Clock
from replay.engine.dressing import Dressing
from replay.engine.drive import StopFlag, drive
from replay.engine.hiding import AsItIs, Hiding
from replay.engine.journal import Journal, NoJournal
from replay.engine.settings import RunSettings
from replay.model.difference import Noise
from replay.model.endpoint import endpoint_of
from replay.model.evidence import Attempt, Part, Planted, Role, Trace
from replay.model.exchange import Exchange, FaultKind
from replay.model.session import Session
from replay.pace.governor import Governor, Unlimited
from replay.pace.plan import Plan
from replay.play.cue import Cue
from replay.play.order import cues_of_capture
from replay.play.player import Player
from replay.play.resuming import remaining, settled
from replay.play.shapes import Shapes, shaped
from replay.probe.contract import Probe
from replay.wire.client import Client

RedactedAt = Callable[[str, str, str], str]
"""(endpoint, "request" | "response", place pattern) -> class of value that redaction replaced there, or ""."""


_NEVER_ARRIVED = frozenset({FaultKind.WITHHELD, FaultKind.CONNECT})


@dataclass(frozen=True, slots=True)
class Recording:
    """Sessions with indexes over their exchanges."""

    sessions: tuple[Session, ...]
    exchanges: dict[str, Exchange] = field(repr=False)
    session_of: dict[str, Session] = field(repr=False)

    @classmethod
    def of(cls, sessions: Sequence[Session]) -> Recording:
        return cls(
            tuple(sessions),
            {exchange.id: exchange for session in sessions for exchange in session.exchanges},
            {exchange.id: session for session in sessions for exchange in session.exchanges},
        )

    def endpoint(self, exchange_id: str) -> str:
        request = self.exchanges[exchange_id].request
        return endpoint_of(request.method, request.target)

    def in_order(self) -> list[str]:
        """All exchanges by start, as `cues_of_capture` has them."""
        return [one.id for one in sorted(self.exchanges.values(), key=lambda one: (one.started, one.id))]

    def trace(self, exchange_ids: Sequence[str]) -> Trace:
        """The recording itself as a trace, so that evidence is complete without the capture file."""
        attempts = []
        for exchange_id in exchange_ids:
            exchange, session = self.exchanges[exchange_id], self.session_of[exchange_id]
            attempts.append(
                Attempt(
                    exchange_id=exchange_id,
                    session_id=session.id,
                    endpoint=self.endpoint(exchange_id),
                    actor=session.actor,
                    sent_as=session.actor,
                    part=Part.JUDGED,
                    request=exchange.request,
                    outcome=exchange.outcome,
                    ended=exchange.ended - exchange.started,
                    recorded_status=exchange.status,
                )
            )
        return Trace(Role.RECORDED, 0, tuple(attempts))


@dataclass(frozen=True, slots=True)
class World:
    """One set of fresh values: its tenants, users and ids are its own."""

    number: int
    rebinder: Rebinder
    planted: tuple[Planted, ...]


@dataclass(slots=True)
class Stage:
    """Everything that playing needs. Worlds are numbered from 1 and never used twice."""

    recording: Recording
    bindings: Bindings
    scenarios: Scenarios
    fresh: FreshPlan
    client: Client
    clock: Clock
    pacer: Plan
    settings: RunSettings
    redacted: RedactedAt
    stop: StopFlag
    fresh_seed: int = 0  # differs from run to run: a QA that was used before must not know this run's values
    probe: Probe | None = None
    worlds: int = 0
    unit: str = "clean/0"  # what the run is about: see `model.event.UnitDone`
    crossing: frozenset[str] = frozenset()  # exchanges that need what only another group of sessions was given
    journal: Journal = field(default_factory=NoJournal)
    hiding: Hiding = field(default_factory=AsItIs)  # what of the target may leave the stage
    dressing: Dressing | None = None  # identities; None: the recording's own logins alone
    governor: Governor = field(default_factory=Unlimited)
    between: Callable[[], Awaitable[None]] | None = None  # before every clean replay
    known: Noise = Noise()  # what somebody accepted before this run
    known_good: Client | None = None  # the build that is right, where differences are told against it
    shapes: Shapes = Shapes()  # what clean replays are played in the midst of
    beside: list[Trace] = field(default_factory=list)  # what was played there, until it is stored
    _lined_up: tuple[Bindings, tuple[Cue, ...]] | None = field(default=None, repr=False)

    def cues(self) -> tuple[Cue, ...]:
        """Every recorded exchange once, in the order that the bindings ask for: the same in every clean replay."""
        if self._lined_up is None or self._lined_up[0] is not self.bindings:
            self._lined_up = self.bindings, cues_of_capture(self.recording.sessions, self.bindings)
        return self._lined_up[1]

    def new_world(self, made_up: Iterable[str] = ()) -> World:
        """`made_up`: values of a mutator's own, made anew here as the recording's are."""
        self.worlds += 1
        self.journal.began(self.unit, self.worlds)
        renewal = self.fresh.also(made_up).renew(self.fresh_seed, self.worlds)
        self.hiding.allow_texts(renewal.values.values())
        rebinder = Rebinder(self.bindings, renewal, self.recording.exchanges)
        return World(self.worlds, rebinder, renewal.planted)

    async def play(
        self,
        cues: Sequence[Cue],
        rebinder: Rebinder,
        pacer: Plan,
        origin: float,
        *,
        kept_as: int | None = None,
        beside: Beside | None = None,
        client: Client | None = None,
    ) -> list[Attempt]:
        """Send these cues and return the attempts in the order of sending, bodies cut to what a run file keeps.

        `kept_as`: the world whose answers go to the journal. What an interrupted run had answered in it is not sent
        again: the rebinder learns from those answers, and the rest is played. `beside`: copies played along, unless
        an interrupted run had begun them. `client`: another way than to the target, to the known-good build.
        """
        if not cues:
            return []
        kept = self.journal.attempts.get((self.unit, kept_as), ()) if kept_as is not None else ()
        arrived = {one.exchange_id for one in kept if not (one.fault and one.fault.kind in _NEVER_ARRIVED)}
        over = settled(cues, arrived) | arrived
        known = [one for one in kept if one.exchange_id in over]
        for one in known:
            rebinder.absorb(one.exchange_id, one.outcome)
        left = remaining(cues, {one.exchange_id for one in known})
        attempts = list(known)
        if left:
            heard = partial(self.journal.answered, self.unit, kept_as) if kept_as is not None else None
            copies = beside if beside and not known else Beside()
            everybody = (rebinder, *copies.rebinders)
            player = Player((*left, *copies.cues), pacer, everybody, self.settings.concurrency, self.governor)
            past = max((one.ended for one in known), default=0.0)  # seconds that the interrupted trace had lasted
            endpoint = self.recording.endpoint
            attempts += await drive(
                player,
                client or self.client,
                self.clock,
                origin - past,
                endpoint,
                self.stop,
                heard,
                self.dressing,
                copies.heard,
                self._cut,
            )
            self.beside.extend(copies.traces())
        if self.governor.reason:
            self.stop.set()  # a budget is spent, or the target does not recover: the run ends as if it were stopped
        return [self.hiding.attempt(self._cut(attempt)) for attempt in attempts]

    def copies_beside(self, cues: Sequence[Cue]) -> Beside | None:
        """What the load shapes add to these cues, each copy in a world of its own. Raises UsageError."""
        if self.shapes.is_plain:
            return None
        added = shaped(cues, self.shapes)
        worlds = [self.new_world() for _ in range(max((cue.world for cue in added), default=0))]
        return Beside(
            added,
            [world.number for world in worlds],
            [world.rebinder for world in worlds],
            [world.planted for world in worlds],
            lambda attempt: self.hiding.attempt(self._cut(attempt)),
        )

    def is_stopped(self) -> bool:
        """Asked anew each time: the flag is set from outside while a coroutine waits."""
        return self.stop.is_set

    def answered_before(self) -> list[Attempt]:
        """What an interrupted run had answered of this unit."""
        return [one for (unit, _), found in self.journal.attempts.items() if unit == self.unit for one in found]

    def _cut(self, attempt: Attempt) -> Attempt:
        request, response, settings = attempt.request, attempt.response, self.settings
        if len(request.body.data) > settings.request_keep_bytes:
            request = replace(request, body=request.body.cut(settings.request_keep_bytes))
            attempt = replace(attempt, request=request)
        if response and len(response.body.data) > settings.response_keep_bytes:
            response = replace(response, body=response.body.cut(settings.response_keep_bytes))
            attempt = replace(attempt, outcome=response)
        return attempt
