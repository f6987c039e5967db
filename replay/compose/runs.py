"""Builds a run from plain arguments, checks everything that can be checked before the first byte, and drives it."""

from __future__ import annotations

import math
import os
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from replay import __version__
from replay.compose.collector import seldom_collected
from replay.compose.config import Config
from replay.compose.config_identities import Configured
from replay.compose.config_safety import Safety
from replay.compose.guarding import NOTHING_TO_READ, Keeper, check_target, is_reads_only
from replay.compose.identities import (
    Sending,
    assignment_for,
    dressing_of,
    open_wardrobe,
    replaced_by,
    safety_of_servers,
    with_identities,
)
from replay.compose.known_good import opened_known_good
from replay.compose.live_values import secret_texts, with_withheld
from replay.compose.material import Material
from replay.compose.redacted_places import classes, unknown_names, with_name_hint
from replay.compose.resuming import deciding_settings
from replay.compose.run_files import run_files
from replay.compose.stages import Stages
from replay.compose.telling import with_left_out
from replay.compose.units import all_mutators, all_oracles, pick, probe_for
from replay.correlate.bindings import Bindings
from replay.correlate.closure import Scenarios
from replay.correlate.fresh import FreshPlan
from replay.engine.clock import SystemClock
from replay.engine.drive import StopFlag
from replay.engine.earlier import Earlier
from replay.engine.run import Extent, Run
from replay.engine.settings import RunSettings
from replay.engine.stage import Recording, Stage
from replay.identity.matching import Assignment
from replay.model.case import rng_for
from replay.model.difference import Noise
from replay.model.errors import FileFormatError, TargetError, UsageError
from replay.model.event import Event, RunEnded
from replay.model.run import RunInfo, Summary
from replay.mutate.contract import Mutator
from replay.oracle.contract import Oracle
from replay.pace.builtin import PaceWords, plan_for
from replay.pace.plan import Plan
from replay.play.groups import Most, Shard
from replay.play.playable import Playable
from replay.play.shapes import Shapes
from replay.probe.contract import Probe
from replay.record.settings import RecordSettings
from replay.store.sealing import Unlock
from replay.store.signature import require_signature
from replay.wire.guard import GuardedClient
from replay.wire.options import WireOptions
from replay.wire.target import Target, refuse_origin, require_reachable, resolve_target


class Listener(Protocol):
    def on_event(self, event: Event) -> None: ...


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a user asked for. `mutators` empty: a clean run."""

    command: str
    capture: Path
    target: str
    out: Path
    settings: RunSettings
    config: Config
    pace: PaceWords = PaceWords()
    shapes: Shapes = Shapes()
    mutators: tuple[str, ...] = ()
    database: str | None = None
    allow_origin: bool = False
    allow_expired: bool = False
    unlock: Unlock | None = None  # for an encrypted capture
    signer: str = ""  # the Ed25519 key, hex, that must have signed the capture
    shard: Shard | None = None  # None: the whole capture
    resume: bool = False  # go on with the run in `out`
    known_good: str = ""  # URL of the build that is right; empty: the recording is
    noise: Noise = Noise()  # what somebody accepted before
    redaction: RecordSettings = RecordSettings()  # the policy for what the target answers
    keep_live_values: bool = False  # store what the target answers as it is
    safety: Safety = Safety()
    wire: WireOptions = WireOptions()


async def execute(request: RunRequest, listeners: Sequence[Listener], stop: StopFlag) -> Summary:
    """Run to the end (or to `stop`); the run file holds everything. Raises ReplayError before anything is sent."""
    clock = SystemClock()
    if request.signer:
        require_signature(request.capture, request.signer)
    settings = request.settings
    opened = Material.open(
        request.capture,
        request.unlock,
        math.nan if request.allow_expired else clock.wall(),
        most=Most(settings.group_exchanges, settings.group_bytes),
        shard=request.shard,
        sample_seed=settings.seed if request.mutators else None,
    )
    with opened as material, seldom_collected():
        return await _played(request, material, listeners, stop, clock)


async def _played(
    request: RunRequest, material: Material, listeners: Sequence[Listener], stop: StopFlag, clock: SystemClock
) -> Summary:
    ready = _prepared(request, material)
    safety, target, chosen, oracles = ready.safety, ready.target, ready.chosen, ready.oracles
    await require_reachable(target)
    async with AsyncExitStack() as stack:
        probe = await _opened(request.database, stack)
        asked = _asked(request, material, ready)
        run_info = replace(asked, started=clock.wall(), database=probe.name if probe else "")
        files = stack.enter_context(
            run_files(request.out, run_info, resume=request.resume, is_sealed=not request.keep_live_values)
        )
        run_info = files.info
        keeper = Keeper.of(safety, target, run_info.id, lambda: stop.is_set)
        probe = keeper.watched(probe)
        client_of = partial(_client, request, clock=clock, keeper=keeper)
        client = await stack.enter_async_context(client_of(target))
        crossing = await material.crossing(lambda: stop.is_set)
        await keeper.begin(client, is_resumed=files.earlier.has_begun)
        allow = partial(_allow, request, safety, material)
        known_good = await opened_known_good(request.known_good, allow, keeper, client_of, stack)
        sending = _sending(request, client, safety_of_servers(safety, ready.identities), material, clock)
        wardrobe = await open_wardrobe(ready.identities, ready.assignment, sending, stack)

        def make(recording: Recording, bindings: Bindings, scenarios: Scenarios, fresh: FreshPlan) -> Stage:
            keeper.expect(recording.sessions)
            return Stage(
                recording=recording,
                bindings=bindings,
                scenarios=scenarios,
                fresh=fresh,
                client=client,
                clock=clock,
                pacer=ready.pacer,
                shapes=replace(request.shapes, is_part=not material.is_whole),
                settings=keeper.limited(request.settings),
                redacted=classes(material.redacted),
                stop=stop,
                fresh_seed=rng_for(request.settings.seed, run_info.id).getrandbits(53),
                probe=probe,
                governor=keeper.governor,
                between=keeper.between,
                journal=files.pending,
                dressing=dressing_of(wardrobe, recording.exchanges),
                known=request.noise,
                known_good=known_good,
            )

        redaction = None if request.keep_live_values else request.redaction
        hosts = (target.host, target.address, *target.aliases)
        secrets = secret_texts(wardrobe)
        stages = Stages(make, material.redacted, redaction, hosts, bool(chosen), secrets, crossing)
        run = Run(run_info, *_lined_up(stages, material, ready.parts, files.earlier), chosen, oracles, files.earlier)
        told = (*ready.parts.not_judged(), *([material.sample] if material.sample else ()))
        kept = keeper.events(with_left_out(run.events(), told, material), client)
        events = with_identities(with_name_hint(kept, unknown_names(material.redacted)), wardrobe)
        return await _consume(with_withheld(events, stages), (files.writer, files.pending, *listeners))


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Everything that could be checked before anything is opened or sent."""

    safety: Safety
    target: Target
    parts: Playable  # of the one group; empty where there are many
    chosen: tuple[Mutator, ...]
    oracles: tuple[Oracle, ...]
    pacer: Plan
    identities: Configured
    assignment: Assignment | None  # of accounts; None without identities


def _prepared(request: RunRequest, material: Material) -> _Prepared:
    if any(tenant not in material.tenants for tenant, _ in request.shapes.weights):  # a part alone could not tell
        raise UsageError("--weight names a tenant that the capture does not hold: `replay inspect` lists them.")
    safety = request.safety.resolved()
    target = resolve_target(request.target)
    check_target(safety, target)
    material.reads_only = is_reads_only(safety, target)
    material.websockets = request.wire.websockets
    material.has_identities = material.reads_only and request.config.identity is not None
    configured = request.config.identities(os.environ)  # secrets are read once, before anything is sent
    assignment = assignment_for(configured, material.reader)
    material.is_replaced = replaced_by(assignment)
    ready = _Prepared(
        safety=safety,
        target=target,
        parts=_whole(request, material, target) if len(material.groups) == 1 else Playable(()),
        chosen=tuple(pick(all_mutators(request.config.mutators), request.mutators)),
        oracles=tuple(all_oracles(request.config.oracles)),
        pacer=plan_for(request.pace),
        identities=configured,
        assignment=assignment,
    )
    if not request.allow_origin:
        refuse_origin(target, material.info.origins, material.info.id)
    return ready


def _whole(request: RunRequest, material: Material, target: Target) -> Playable:
    """What can be sent of the one group. Raises TargetError or FileFormatError when nothing of the capture can."""
    parts = material.whole()
    if not parts.sessions and request.shard is None:  # of a shard nobody else can make the part that is missing then
        if material.reads_only:
            raise TargetError(NOTHING_TO_READ.format(capture=request.capture, target=target.url))
        only = ", ".join(f"{count} of {reason}" for reason, count in parts.left_out)
        raise FileFormatError(f"{request.capture} holds nothing that can be replayed, only {only}: record other calls.")
    return parts


def _asked(request: RunRequest, material: Material, ready: _Prepared) -> RunInfo:
    """The run as it is asked for, before it begins."""
    words: dict[str, object] = {"pace": request.pace, "shapes": request.shapes}
    words |= {"known_good": request.known_good} if request.known_good else {}
    words |= {"keep_live_values": request.keep_live_values, "what the capture holds": material.extent}
    return RunInfo(
        id=uuid.uuid4().hex[:12],
        command=request.command,
        capture_id=material.info.id,
        target=ready.target.url,
        seed=request.settings.seed,
        started=0.0,
        mutators=tuple(one.name for one in ready.chosen),
        oracles=tuple(one.name for one in ready.oracles),
        database="",
        tool_version=__version__,
        settings=deciding_settings(
            request.settings, request.config, reads_only=material.reads_only, websockets=material.websockets, **words
        ),
        shard=str(request.shard or ""),
    )


def _lined_up(
    stages: Stages, material: Material, parts: Playable, earlier: Earlier
) -> tuple[Extent, Stage, Iterable[Stage]]:
    """How much there is to play, the stage that the run is told by, and the groups that are not done."""
    if len(material.groups) != 1:
        extent = Extent(material.sessions, material.exchanges, len(material.groups))
        return extent, stages.empty(), stages.each(material.each(tuple(earlier.done)))
    stage = stages.of(parts.sessions, "clean/0")
    extent = Extent(len(parts.sessions), len(stage.recording.exchanges))
    return extent, stage, () if "clean/0" in earlier.done else (stage,)


def _client(request: RunRequest, target: Target, clock: SystemClock, keeper: Keeper) -> GuardedClient:
    timeout = request.settings.timeout_seconds
    return GuardedClient(target, clock.now, keeper.guard, timeout=timeout, options=request.wire)


def _allow(request: RunRequest, safety: Safety, material: Material, server: Target) -> None:
    """Another server than the target, which an identity names. Raises TargetError."""
    check_target(safety, server)
    if not request.allow_origin:
        refuse_origin(server, material.info.origins, material.info.id)


def _sending(
    request: RunRequest, client: GuardedClient, safety: Safety, material: Material, clock: SystemClock
) -> Sending:
    """What identities send with; `safety` is that of their servers."""
    return Sending(client, partial(_allow, request, safety, material), clock, request.settings.timeout_seconds)


async def _opened(database: str | None, stack: AsyncExitStack) -> Probe | None:
    if database is None:
        return None
    if not database.strip():
        raise UsageError("--db is empty: name the target's database, or leave the option out.")
    probe = probe_for(database)
    stack.push_async_callback(probe.close)
    await probe.read()  # rights, reachability: said before anything is sent
    return probe


async def _consume(events: AsyncIterator[Event], listeners: Sequence[Listener]) -> Summary:
    summary: Summary | None = None
    async for event in events:
        for listener in listeners:
            listener.on_event(event)
        if isinstance(event, RunEnded):
            summary = event.summary
    if summary is None:
        raise RuntimeError("a run ended without its last event")
    return summary
