"""Builds a run from plain arguments, checks everything that can be checked before the first byte, and drives it."""

from __future__ import annotations

import math
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from replay import __version__
from replay.compose.config import Config
from replay.compose.redacted_places import classes, text_classes, unknown_names, with_name_hint
from replay.compose.units import all_mutators, all_oracles, pick, probe_for
from replay.correlate.closure import Scenarios
from replay.correlate.fresh import find_fresh
from replay.correlate.learn import learn
from replay.engine.clock import SystemClock
from replay.engine.drive import StopFlag
from replay.engine.run import Run
from replay.engine.settings import RunSettings
from replay.engine.stage import Recording, Stage
from replay.model.capture import CaptureInfo, RedactedField
from replay.model.case import rng_for
from replay.model.errors import FileFormatError, ReplayError, UsageError
from replay.model.event import Event, RunEnded, RunStarted, Unjudged
from replay.model.finding import NotJudged
from replay.model.run import RunInfo, Summary
from replay.model.session import Session
from replay.pace.builtin import pacer_for
from replay.play.playable import playable
from replay.probe.contract import Probe
from replay.store.capture_reader import CaptureReader
from replay.store.expiry import require_unexpired
from replay.store.run_writer import RunWriter
from replay.store.sealing import Unlock
from replay.store.signature import require_signature
from replay.wire.client import Client
from replay.wire.target import refuse_origin, require_reachable, resolve_target


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
    speed: str = "max"
    mutators: tuple[str, ...] = ()
    database: str | None = None
    allow_origin: bool = False
    allow_expired: bool = False
    unlock: Unlock | None = None  # for an encrypted capture
    signer: str = ""  # the Ed25519 key, hex, that must have signed the capture


async def execute(request: RunRequest, listeners: Sequence[Listener], stop: StopFlag) -> Summary:
    """Run to the end (or to `stop`); the run file holds everything. Raises ReplayError before anything is sent."""
    clock = SystemClock()
    if request.signer:
        require_signature(request.capture, request.signer)
    recorded, info, redacted = read_capture(
        request.capture, request.unlock, math.nan if request.allow_expired else clock.wall()
    )
    parts = playable(recorded)
    sessions = parts.sessions
    if not sessions:
        only = ", ".join(f"{count} of {reason}" for reason, count in parts.left_out)
        raise FileFormatError(f"{request.capture} holds nothing that can be replayed, only {only}: record other calls.")
    chosen = pick(all_mutators(request.config.mutators), request.mutators)
    oracles = all_oracles(request.config.oracles)
    pacer = pacer_for(request.speed)
    target = resolve_target(request.target)
    if not request.allow_origin:
        refuse_origin(target, info.origins, info.id)
    await require_reachable(target)
    async with AsyncExitStack() as stack:
        probe = await _opened(request.database, stack)
        writer = RunWriter.create(request.out)
        stack.enter_context(_kept_unless_refused(writer, request.out))
        run_id = uuid.uuid4().hex[:12]
        client = Client(target, clock.now, run_id=run_id, timeout=request.settings.timeout_seconds)
        await stack.enter_async_context(client)
        bindings = learn(sessions)
        stage = Stage(
            recording=Recording.of(sessions),
            bindings=bindings,
            scenarios=Scenarios(sessions, bindings),
            fresh=find_fresh(sessions, bindings, text_classes(redacted)),
            client=client,
            clock=clock,
            pacer=pacer,
            settings=request.settings,
            redacted=classes(redacted),
            stop=stop,
            fresh_seed=rng_for(request.settings.seed, run_id).getrandbits(53),
            probe=probe,
        )
        run_info = RunInfo(
            id=run_id,
            command=request.command,
            capture_id=info.id,
            target=target.url,
            seed=request.settings.seed,
            started=clock.wall(),
            mutators=tuple(one.name for one in chosen),
            oracles=tuple(one.name for one in oracles),
            database=probe.name if probe else "",
            tool_version=__version__,
        )
        run = Run(run_info, stage, chosen, oracles)
        events = with_name_hint(_with_left_out(run.events(), parts.not_judged()), unknown_names(redacted))
        return await _consume(events, (writer, *listeners))


def read_capture(
    path: Path, unlock: Unlock | None = None, now: float = math.nan
) -> tuple[tuple[Session, ...], CaptureInfo, tuple[RedactedField, ...]]:
    """Sessions and what redaction did. Raises FileFormatError, also for a capture without exchanges.

    `now`: seconds, UTC, at which it must not have expired; NaN: that does not matter.
    """
    reader = CaptureReader.open(path, unlock)
    try:
        require_unexpired(path, reader.expires(), now)
        sessions, info, redacted = reader.sessions(), reader.info(), reader.redacted_fields()
    finally:
        reader.close()
    if not any(session.exchanges for session in sessions):
        raise FileFormatError(f"{path} is an empty capture: record some traffic first, or name another file.")
    return sessions, info, redacted


@contextmanager
def _kept_unless_refused(writer: RunWriter, path: Path) -> Iterator[None]:
    """Close the run file in any case; remove it when the run turned out to be asked for in vain."""
    try:
        yield
    except ReplayError:
        writer.close()
        path.unlink(missing_ok=True)
        raise
    except BaseException:
        writer.close()
        raise
    writer.close()


async def _opened(database: str | None, stack: AsyncExitStack) -> Probe | None:
    if database is None:
        return None
    if not database.strip():
        raise UsageError("--db is empty: name the target's database, or leave the option out.")
    probe = probe_for(database)
    stack.push_async_callback(probe.close)
    await probe.read()  # rights, reachability: said before anything is sent
    return probe


async def _with_left_out(events: AsyncIterator[Event], left_out: Sequence[NotJudged]) -> AsyncIterator[Event]:
    """The same run, which also tells what of the capture it cannot send."""
    async for event in events:
        if isinstance(event, RunEnded):
            summary = replace(event.summary, not_judged=event.summary.not_judged + len(left_out))
            yield replace(event, summary=summary)
            continue
        yield event
        if isinstance(event, RunStarted):
            for verdict in left_out:
                yield Unjudged(verdict, planned=True)


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
