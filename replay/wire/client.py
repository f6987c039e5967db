"""Sends requests to the pinned target over one of its lanes, and turns what comes back into outcomes.

Rule: nothing is sent anywhere but to the target; redirects are not followed; faults are values.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType

from replay.model.conversation import MEDIA_TYPE as CONVERSATION
from replay.model.exchange import Request
from replay.model.hint import NO_HINT, Hint
from replay.wire.answer import RESPONSE_LIMIT_BYTES
from replay.wire.cut_lane import CutLane
from replay.wire.fast_lane import FastLane
from replay.wire.gate import Gate
from replay.wire.general_lane import GeneralLane
from replay.wire.head import Letterhead
from replay.wire.options import Lane, WireOptions
from replay.wire.road import Road
from replay.wire.sent import Sent
from replay.wire.target import Target
from replay.wire.tls import tls_context
from replay.wire.websocket_lane import WebSocketLane

STREAMED_BYTES = 2**20  # a longer body goes out in pieces, over the general lane

__all__ = ["STREAMED_BYTES", "Client", "Sent", "send_together"]


class Client:
    """The connections to one target. Use as an async context manager. `timeout`: seconds for one whole request."""

    def __init__(
        self,
        target: Target,
        clock: Callable[[], float],
        *,
        run_id: str = "",
        timeout: float = 30.0,
        options: WireOptions | None = None,
        limit_bytes: int = RESPONSE_LIMIT_BYTES,
    ) -> None:
        self._options = options or WireOptions()
        letterhead = Letterhead(target.authority, run_id)
        tls = tls_context(target, self._options)
        self._road = Road(target, clock, letterhead, self._options, tls, timeout, limit_bytes)
        self._fast: FastLane | None = None
        self._general: GeneralLane | None = None
        self._sockets: WebSocketLane | None = None
        self.requests_sent = 0

    async def __aenter__(self) -> Client:
        self._fast, self._general = FastLane(self._road), GeneralLane(self._road)
        self._sockets = WebSocketLane(self._road)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fast:
            self._fast.close()
        if self._general:
            await self._general.close()
        if self._sockets:
            await self._sockets.close()

    def trust_for(self, other: Target) -> WireOptions:
        """For a server beside the target: the same authorities, and nothing that is meant for the target alone."""
        if other.scheme != "https":
            return WireOptions()
        return WireOptions(ca=self._options.ca, insecure=self._options.insecure)

    async def send(self, request: Request, gate: Gate | None = None, *, hint: Hint = NO_HINT) -> Sent:
        """One request. `hint`: how it travels."""
        return await self._on_its_way(request, gate, hint)

    def _on_its_way(self, request: Request, gate: Gate | None, hint: Hint) -> Awaitable[Sent]:
        """The lane's own coroutine, for whoever wants none around it."""
        if self._fast is None or self._general is None or self._sockets is None:
            raise RuntimeError("the client is used outside its context")
        self.requests_sent += 1
        if hint.cut is not None and gate is None:
            return CutLane(self._road).send(request, hint.cut)
        if request.body.content_type == CONVERSATION:
            return self._sockets.send(request, gate, hint)
        if self._options.lane is Lane.GENERAL or len(request.body.data) > STREAMED_BYTES:
            return self._general.send(request, gate, hint)
        return self._fast.send(request, gate, hint)


async def send_together(client: Client, requests: tuple[Request, ...], hints: tuple[Hint, ...] = ()) -> list[Sent]:
    """All at once, with last-byte synchronisation when there is more than one. `hints`: one for each, or none."""
    told = hints or (NO_HINT,) * len(requests)
    if len(requests) == 1:
        return [await client.send(requests[0], hint=told[0])]
    gate = Gate(len(requests))
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(client.send(request, gate, hint=hint))
            for request, hint in zip(requests, told, strict=True)
        ]
    return [task.result() for task in tasks]
