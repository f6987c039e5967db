"""What stands between a capture and a replay: actors without an identity, configuration, target.

Rule: nothing is sent but a connection to see that somebody listens, and logins when they are asked for: behind the
handshake and through the guard of a run.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from replay.compose.config import Config
from replay.compose.config_identities import Configured
from replay.compose.config_safety import Safety
from replay.compose.guarding import Keeper, check_target
from replay.compose.identities import Sending, open_wardrobe, safety_of_servers
from replay.compose.material import Material
from replay.correlate.bindings import Bindings
from replay.correlate.learn import learn
from replay.engine.clock import SystemClock
from replay.identity.matching import Assigned, Assignment
from replay.identity.places import credentials_in
from replay.identity.snippets import Need, need_of, snippet
from replay.model.capture import CaptureInfo
from replay.model.errors import ReplayError
from replay.model.exchange import Exchange
from replay.model.session import Actor, Session
from replay.play.groups import Most
from replay.store.sealing import Unlock
from replay.wire.guard import GuardedClient
from replay.wire.target import Target, refuse_origin, require_reachable, resolve_target

RECORDING = "recording"  # its own login is in the capture
DOCTOR = "doctor"  # for the target's logs: in the place of a run's name


@dataclass(frozen=True, slots=True)
class CheckupOrder:
    """What to look at. An empty target is not tried."""

    capture: Path
    config: Config
    environ: Mapping[str, str] = field(repr=False)
    target: str = ""
    unlock: Unlock | None = None
    sign_in: bool = False
    allow_origin: bool = False


@dataclass(frozen=True, slots=True)
class SchemeFacts:
    """One kind of credentials of one actor. `identity`: a name, `recording`, or empty for none; `account` from 1."""

    scheme: str
    identity: str
    account: int = 0
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class ActorFacts:
    actor: Actor
    sessions: int
    exchanges: int
    schemes: tuple[SchemeFacts, ...]

    @property
    def is_covered(self) -> bool:
        return all(one.identity for one in self.schemes)


@dataclass(frozen=True, slots=True)
class Checkup:
    """`problems` are sentences; `anonymous` counts exchanges of sessions that never authenticated."""

    actors: tuple[ActorFacts, ...]
    anonymous: int
    target: str
    problems: tuple[str, ...]
    identities: tuple[tuple[str, str, int], ...]  # name, kind, accounts
    signed_in: bool

    @property
    def uncovered(self) -> tuple[ActorFacts, ...]:
        return tuple(one for one in self.actors if not one.is_covered)

    @property
    def status(self) -> int:
        """The exit status: 2 for problems, 3 for actors without an identity."""
        return 2 if self.problems else 3 if self.uncovered else 0


@dataclass(slots=True)
class _Use:
    """How an actor uses one kind of credentials: `bound` of `requests` carry what a recorded answer gave."""

    need: Need
    requests: int = 0
    bound: int = 0


@dataclass(slots=True)
class _Seen:
    """What the sessions read so far tell."""

    uses: dict[Actor, dict[str, _Use]] = field(default_factory=dict)
    sessions: Counter[Actor] = field(default_factory=Counter)
    exchanges: Counter[Actor] = field(default_factory=Counter)
    anonymous: int = 0

    def add(self, sessions: Sequence[Session]) -> None:
        bindings = learn(sessions)
        for session in sessions:
            if session.actor is None:
                self.anonymous += len(session.exchanges)
                continue
            self.sessions[session.actor] += 1
            self.exchanges[session.actor] += len(session.exchanges)
            found = self.uses.setdefault(session.actor, {})
            for exchange in session.exchanges:
                _add_uses(found, exchange, bindings)


def _add_uses(found: dict[str, _Use], exchange: Exchange, bindings: Bindings) -> None:
    """What was refused for its credentials tells nothing about them."""
    if exchange.status == 401:
        return
    bound = {binding.place for binding in bindings.of(exchange.id)}
    for one in credentials_in(exchange.request):
        use = found.setdefault(one.scheme, _Use(need_of(one)))
        use.requests += 1
        use.bound += one.place in bound


async def check_up(order: CheckupOrder) -> Checkup:
    """Raises ReplayError for a capture that cannot be read; everything else is a problem of the result."""
    seen = _Seen()
    settings = order.config.settings()
    most = Most(settings.group_exchanges, settings.group_bytes)
    with Material.open(order.capture, order.unlock, math.nan, most=most) as material:
        info = material.info
        for group in material.groups:  # as many sessions in memory as a run has
            seen.add(material.reader.load(group.outlines()))
    schemes = {actor: frozenset(found) for actor, found in seen.uses.items()}
    problems: list[str] = []
    configured, assignment = Configured(), Assignment((), schemes)
    try:
        configured = order.config.identities(order.environ)
        assignment = Assignment(configured.identities, schemes)
    except ReplayError as error:
        problems.append(str(error))
    if order.target:
        try:
            await _try(order, configured, assignment, info)
        except ReplayError as error:
            problems.append(str(error))
    return Checkup(
        actors=_facts(seen, assignment),
        anonymous=seen.anonymous,
        target=order.target,
        problems=tuple(problems),
        identities=tuple((one.name, one.kind, len(one.accounts)) for one in configured.identities),
        signed_in=bool(order.target) and order.sign_in and not problems,
    )


async def _try(order: CheckupOrder, configured: Configured, assignment: Assignment, info: CaptureInfo) -> None:
    """Somebody listens, it is not the origin, and (when asked for) every identity gets its first credentials."""
    target = resolve_target(order.target)
    origins = () if order.allow_origin else info.origins
    refuse = partial(_refuse, safety=order.config.safety, origins=origins, capture_id=info.id)
    refuse(target)
    await require_reachable(target)
    if not order.sign_in:
        return
    clock = SystemClock()
    keeper = Keeper.of(order.config.safety.resolved(), target, DOCTOR, lambda: False)
    async with AsyncExitStack() as stack:
        client = GuardedClient(target, clock.now, keeper.guard, options=order.config.target)
        await stack.enter_async_context(client)
        await keeper.begin(client, is_resumed=True)  # the handshake alone: a look at things resets nothing
        allowed = safety_of_servers(order.config.safety, configured)
        sending = Sending(client, partial(refuse, safety=allowed), clock)
        await open_wardrobe(configured, assignment, sending, stack)


def _refuse(target: Target, *, safety: Safety, origins: tuple[str, ...], capture_id: str) -> None:
    check_target(safety, target)
    refuse_origin(target, origins, capture_id)


def _facts(seen: _Seen, assignment: Assignment) -> tuple[ActorFacts, ...]:
    def schemes(actor: Actor) -> tuple[SchemeFacts, ...]:
        return tuple(
            _scheme(actor, scheme, use, assignment.of(actor, scheme))
            for scheme, use in sorted(seen.uses[actor].items())
        )

    ordered = sorted(seen.uses, key=lambda one: (one.tenant, one.principal))
    return tuple(ActorFacts(one, seen.sessions[one], seen.exchanges[one], schemes(one)) for one in ordered)


def _scheme(actor: Actor, scheme: str, use: _Use, assigned: Assigned | None) -> SchemeFacts:
    is_recorded = use.bound == use.requests
    dresses = assigned is not None and assigned.identity.dresses
    if assigned is not None and dresses and (assigned.identity.prefer or not is_recorded):
        return SchemeFacts(scheme, assigned.identity.name, assigned.account + 1)
    if is_recorded:
        return SchemeFacts(scheme, RECORDING)
    return SchemeFacts(scheme, "", snippet=snippet(actor, use.need))
