"""The stage: the recording, what was learned from it, and the means to play it against the target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from replay.correlate.bindings import Bindings
from replay.correlate.closure import Scenarios
from replay.correlate.fresh import FreshPlan
from replay.correlate.rebinder import Rebinder
from replay.engine.clock import Clock
from replay.engine.drive import StopFlag, drive
from replay.engine.settings import RunSettings
from replay.model.endpoint import endpoint_of
from replay.model.evidence import Attempt, Part, Planted, Role, Trace
from replay.model.exchange import Exchange
from replay.model.session import Session
from replay.pace.contract import Pacer
from replay.play.cue import Cue
from replay.play.player import Player
from replay.probe.contract import Probe
from replay.wire.client import Client

RedactedAt = Callable[[str, str, str], str]
"""(endpoint, "request" | "response", place pattern) -> class of value that redaction replaced there, or ""."""


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
    pacer: Pacer
    settings: RunSettings
    redacted: RedactedAt
    stop: StopFlag
    fresh_seed: int = 0  # differs from run to run: a QA that was used before must not know this run's values
    probe: Probe | None = None
    worlds: int = 0

    def new_world(self) -> World:
        self.worlds += 1
        renewal = self.fresh.renew(self.fresh_seed, self.worlds)
        rebinder = Rebinder(self.bindings, renewal, self.recording.exchanges)
        return World(self.worlds, rebinder, renewal.planted)

    async def play(self, cues: Sequence[Cue], rebinder: Rebinder, pacer: Pacer, origin: float) -> list[Attempt]:
        """Send these cues and return the attempts in the order of sending, bodies cut to what a run file keeps."""
        if not cues:
            return []
        player = Player(cues, pacer, rebinder, self.settings.concurrency)
        attempts = await drive(player, self.client, self.clock, origin, self.recording.endpoint, self.stop)
        return [self._cut(attempt) for attempt in attempts]

    def _cut(self, attempt: Attempt) -> Attempt:
        request = replace(attempt.request, body=attempt.request.body.cut(self.settings.request_keep_bytes))
        outcome = attempt.outcome
        if attempt.response:
            body = attempt.response.body.cut(self.settings.response_keep_bytes)
            outcome = replace(attempt.response, body=body)
        return replace(attempt, request=request, outcome=outcome)
