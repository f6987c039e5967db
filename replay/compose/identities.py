"""Builds the wardrobe of a run: configuration, the capture's actors and the target, checked against one another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace

from replay.compose.config_identities import Configured
from replay.compose.config_safety import Safety
from replay.engine.clock import Clock
from replay.engine.dressing import Dressing
from replay.identity.matching import Assignment
from replay.identity.places import credentials_in
from replay.identity.secrets import LiveSecrets
from replay.identity.spec import Identity
from replay.model.errors import ConfigError, ReplayError, TargetError
from replay.model.event import Event, IdentitiesUsed, RunEnded
from replay.model.exchange import Exchange, Outcome, Request
from replay.model.session import Actor, Outline, Session
from replay.mutate.sites import is_sign_in
from replay.store.capture_reader import CaptureReader
from replay.wire.client import Client
from replay.wire.guard import GuardedClient
from replay.wire.identities import Reread, Wardrobe
from replay.wire.identities_login import Send
from replay.wire.target import Target, resolve_target

_CHUNK = 500  # sessions in memory at a time


@dataclass(frozen=True, slots=True)
class Sending:
    """How anything is sent in this run. `check` raises TargetError for a host that a run must not send to."""

    client: Client
    check: Callable[[Target], None]
    clock: Clock
    timeout: float = 30.0  # seconds


def schemes_by_actor(sessions: Iterable[Session], found: dict[Actor, set[str]] | None = None) -> dict[Actor, set[str]]:
    """Every actor of these sessions, and the kinds of credentials that its requests carry. `found` is added to."""
    out = {} if found is None else found
    for session in sessions:
        if session.actor is None:
            continue
        schemes = out.setdefault(session.actor, set())
        for exchange in session.exchanges:
            if exchange.status != 401:
                schemes.update(one.scheme for one in credentials_in(exchange.request))
    return out


def schemes_of_capture(reader: CaptureReader) -> dict[Actor, frozenset[str]]:
    """Of the whole capture, whatever is played of it: shards then agree about who gets which account."""
    found: dict[Actor, set[str]] = {}
    chunk: list[Outline] = []
    for outline in reader.outlines():
        if outline.actor is not None:
            chunk.append(outline)
        if len(chunk) == _CHUNK:
            schemes_by_actor(reader.load(chunk), found)
            chunk = []
    schemes_by_actor(reader.load(chunk), found)
    return {actor: frozenset(schemes) for actor, schemes in found.items()}


def assignment_for(configured: Configured, reader: CaptureReader) -> Assignment | None:
    """Who wears what; None without identities. Raises ConfigError for a tie, or a pool that is too small."""
    return Assignment(configured.identities, schemes_of_capture(reader)) if configured.identities else None


def replaced_by(assignment: Assignment | None) -> Callable[[Session, Exchange], bool] | None:
    """Recorded sign-ins, refreshes and sign-outs of actors whose identity is preferred: QA knows no token in them."""
    if assignment is None or not any(one.prefer for one in assignment.identities):
        return None

    def is_replaced(session: Session, exchange: Exchange) -> bool:
        request = exchange.request
        return not request.is_safe and is_sign_in(request.path) and assignment.prefers(session.actor)

    return is_replaced


def safety_of_servers(safety: Safety, configured: Configured) -> Safety:
    """What holds for servers of identities: a list of their own goes before that of targets, all else is the same."""
    return replace(safety, targets=()) if configured.servers else safety


async def open_wardrobe(
    configured: Configured, assignment: Assignment | None, sending: Sending, stack: AsyncExitStack
) -> Wardrobe | None:
    """None without identities. `stack` closes what is opened for other servers.

    The first credentials of every identity that is used are fetched here. Raises ConfigError, TargetError.
    """
    if assignment is None:
        return None
    servers: dict[str, Send] = {"": _sender(sending.client)}
    for url in sorted({one.server for one in configured.identities if one.server}):
        target = _other_server(url)
        if configured.servers and not any(target.matches(one) for one in configured.servers):
            raise TargetError(
                f"{target.url}, which an identity names as its server, is not among [identities] servers in"
                " replay.toml: add it there, or name another."
            )
        sending.check(target)
        trust = sending.client.trust_for(target)
        client = await stack.enter_async_context(
            Client(target, sending.clock.now, timeout=sending.timeout, options=trust)
        )
        servers[url] = _sender(client)
    secrets = LiveSecrets(configured.secrets())
    wardrobe = Wardrobe(assignment, servers, sending.clock.now, sending.clock.wall, secrets, _rereader(configured))
    failures = await wardrobe.rehearse()
    for name, why in failures.items():
        raise TargetError(f"identity `{name}` gets no credentials: {why}. Correct it, or the account in QA.")
    return wardrobe


def dressing_of(wardrobe: Wardrobe | None, recorded: Mapping[str, Exchange]) -> Dressing | None:
    """What the driver is given."""
    return None if wardrobe is None else Dressing(wardrobe, recorded.get)


async def with_identities(run: AsyncIterator[Event], wardrobe: Wardrobe | None) -> AsyncIterator[Event]:
    """The same run, which also tells how often credentials were made."""
    async for event in run:
        if wardrobe is not None and isinstance(event, RunEnded):
            yield IdentitiesUsed(wardrobe.counts.fetched, wardrobe.counts.renewed, wardrobe.counts.failed)
        yield event


def _sender(client: Client) -> Send:
    async def send(request: Request) -> Outcome:
        if isinstance(client, GuardedClient):  # the user wrote it down: it may go where recorded writes may not
            return (await client.send(request, is_configured=True)).outcome
        return (await client.send(request)).outcome

    return send


def _other_server(url: str) -> Target:
    """Raises ConfigError: secrets travel there, so that it is TLS or this machine."""
    try:
        target = resolve_target(url)
    except ReplayError:
        raise ConfigError(
            "server of an identity takes a URL such as https://idp.qa.example:"
            " scheme, host and port, of a name that resolves."
        ) from None
    if target.scheme != "https" and not target.is_loopback:
        raise ConfigError(f"server {target.url} of an identity is not https: secrets would travel in clear.")
    return target


def _rereader(configured: Configured) -> Reread:
    """Reads an identity's values once more; what cannot be read any longer stays as it was."""

    async def reread(identity: Identity) -> Mapping[str, str]:
        return await asyncio.to_thread(_values_again, configured, identity)

    return reread


def _values_again(configured: Configured, identity: Identity) -> dict[str, str]:
    references = configured.references.get(identity.name, {})
    found: dict[str, str] = {}
    for name, reference in references.items():
        if reference.may_change and configured.reader is not None:
            with suppress(ConfigError):
                found[name] = configured.reader.read(reference)
    return found
