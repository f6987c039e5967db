"""The fast lane: prepared bytes over connections of our own; a quarter of the cost of a session's request.

    letter -> bytes -> connection -> Received -> Response

Rule: a request goes out a second time only when it only reads, its connection was used before, and no byte came back.
"""

from __future__ import annotations

import asyncio

from replay.model.exchange import Request
from replay.model.hint import Hint
from replay.pace.reads import may_go_twice
from replay.wire.answer import response_of
from replay.wire.connecting import connecting
from replay.wire.fast_answer import PlainAnswers
from replay.wire.fast_connection import READ_BYTES, FastConnection
from replay.wire.fast_pool import Pool
from replay.wire.faults import (
    CAUGHT,
    STALE,
    FirstByteTimeoutError,
    fault_of,
)
from replay.wire.gate import Gate
from replay.wire.options import Connections
from replay.wire.road import OneLane, Road
from replay.wire.sent import Sent

_SWEEP_SECONDS = 0.25  # so late may a timeout be noticed: one timer for all instead of two for each request


class FastLane(OneLane):
    """Use as `await lane.send(...)`, and `lane.close()` in the end."""

    def __init__(self, road: Road) -> None:
        super().__init__(road)
        self._loop = asyncio.get_running_loop()
        self._pool = Pool(self._opened, road.options.pool, by_key=road.options.connections is Connections.RECORDED)
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._plain = PlainAnswers()
        self._sweeper: asyncio.TimerHandle | None = None
        first_byte = road.options.first_byte_timeout_seconds or road.timeout
        self._sweep_seconds = min(_SWEEP_SECONDS, road.timeout / 8, first_byte / 8)

    async def send(self, request: Request, gate: Gate | None, hint: Hint) -> Sent:
        """One request, at once or at the gate; a reset of a reused idle connection is not held against the target."""
        begun = self._clock()
        try:
            data = self._letterhead.written(request)
        except CAUGHT as error:
            if gate is not None:
                await gate.wait()  # the others need not wait for it
            return Sent(fault_of(error), begun, 0.0, self._clock())
        result, is_stale = await self._attempt(request, data, gate, hint, fresh=False)
        if is_stale and gate is None and may_go_twice(request):
            result, _ = await self._attempt(request, data, None, hint, fresh=True)
        return result

    def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._pool.close()

    async def _attempt(
        self, request: Request, data: bytes, gate: Gate | None, hint: Hint, *, fresh: bool
    ) -> tuple[Sent, bool]:
        """What came of it, and whether all that came was the end of a connection used before."""
        sent = self._clock()
        connection: FastConnection | None = None
        arrived = 0.0
        try:
            if not fresh and gate is None:
                connection = self._pool.take_rested(hint.connection)  # mostly: nothing to wait for
            if connection is None:
                connection = await self._pool.take(hint.connection, at_once=gate is not None, fresh=fresh)
            is_reused = connection.is_reused
            answer = connection.expect(has_body=request.method != "HEAD")
            if gate is None:
                sent = self._clock()
                connection.write(data)
            else:
                connection.write(data[:-1])
                await gate.wait(lambda: connection.write(data[-1:]))
                sent = self._clock()
            self._watch(connection, hint)
            received = await answer
            arrived = received.first_byte
            response = response_of(received, self._limit_bytes)
            return Sent(response, sent, received.first_byte, received.ended, received.digest), False
        except CAUGHT as error:
            fault = fault_of(error)
            is_stale = connection is not None and is_reused and fault.detail in STALE and not connection.has_head
            return Sent(fault, sent, arrived, self._clock()), is_stale
        finally:
            if connection is not None:
                if not answer.done() or answer.cancelled() or answer.exception() is not None:
                    answer.cancel()
                    connection.close()
                connection.deadline = 0.0
                self._pool.give_back(connection)

    async def _opened(self) -> FastConnection:
        target, options = self._target, self._options
        async with connecting(min(options.connect_timeout_seconds, self._timeout)):
            _, connection = await self._loop.create_connection(
                lambda: FastConnection(self._loop, self._clock, self._buffer, self._limit_bytes, self._plain),
                target.address,
                target.port,
                ssl=self._tls,
                server_hostname=(options.sni or target.host) if self._tls else None,
            )
        return connection

    def _watch(self, connection: FastConnection, hint: Hint) -> None:
        now = self._loop.time()
        connection.hint = hint
        connection.deadline = now + self._timeout
        first_byte = self._options.first_byte_timeout_seconds
        connection.first_byte_deadline = now + first_byte if first_byte else 0.0
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(self._sweep_seconds, self._sweep)

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in tuple(self._pool.busy):
            if connection.listening is not None:
                if now >= connection.listening.ends_at:
                    connection.hang_up()
            elif connection.deadline and now >= connection.deadline:
                connection.fail(TimeoutError())
            elif connection.first_byte_deadline and now >= connection.first_byte_deadline and not connection.has_head:
                connection.fail(FirstByteTimeoutError())
        self._sweeper = self._loop.call_later(self._sweep_seconds, self._sweep) if self._pool.busy else None
