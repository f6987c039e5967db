"""The driver: it obeys a sans-io player over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from replay.engine.clock import Clock
from replay.model.evidence import Attempt
from replay.play.player import Done, Player, Send, Wait
from replay.wire.client import Client, send_together


class StopFlag:
    """Set once by Ctrl-C or SIGTERM: drain what is in flight, save, end."""

    def __init__(self) -> None:
        self.is_set = False

    def set(self) -> None:
        self.is_set = True


async def drive(
    player: Player,
    client: Client,
    clock: Clock,
    origin: float,
    endpoint: Callable[[str], str],
    stop: StopFlag,
) -> list[Attempt]:
    """Play to the end (or until `stop`) and return the attempts by time of sending. Times count from `origin`."""
    attempts: list[tuple[float, int, Attempt]] = []
    arrived = asyncio.Event()
    start = clock.now()

    async def perform(order: Send) -> None:
        results = await send_together(client, tuple(one.request for one in order.rewritten))
        for cue, one, result in zip(order.cues, order.rewritten, results, strict=True):
            player.arrived(cue, result.outcome)
            attempt = Attempt(
                exchange_id=cue.step.exchange_id,
                session_id=cue.session_id,
                endpoint=endpoint(cue.step.exchange_id),
                actor=cue.actor,
                sent_as=cue.sent_as,
                part=cue.part,
                request=one.request,
                outcome=result.outcome,
                intended=order.intended + start - origin,
                sent=result.sent - origin,
                first_byte=(result.first_byte or result.ended) - origin,
                ended=result.ended - origin,
                copy=cue.step.copy,
                recorded_status=cue.recorded_status,
                unresolved=one.unresolved,
            )
            attempts.append((result.sent, cue.number, attempt))
        arrived.set()

    async with asyncio.TaskGroup() as group:
        while True:
            if stop.is_set:
                player.stop()
            arrived.clear()
            match player.decide(clock.now() - start):
                case Send() as order:
                    group.create_task(perform(order))
                case Wait(seconds):
                    await _pause(arrived, seconds)
                case Done():
                    break
    return [attempt for _, _, attempt in sorted(attempts, key=lambda found: found[:2])]


async def _pause(arrived: asyncio.Event, seconds: float | None) -> None:
    if seconds is None:
        await arrived.wait()
        return
    try:
        async with asyncio.timeout(seconds):
            await arrived.wait()
    except TimeoutError:
        return
