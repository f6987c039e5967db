"""The fast lane's connections: which one a request takes, and when one is closed.

Two ways: any free one (`pool`), or the one that stands for the recorded client connection (`recorded`). A connection
that is busy is never shared; a second one is opened beside it. Idle ones beyond a number are closed, oldest first.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable

from replay.wire.fast_connection import FastConnection

MOST_IDLE = 512  # file descriptors are a resource of the whole process


class Pool:
    """`limit` 0: as many connections as there are requests at once."""

    def __init__(self, opened: Callable[[], Awaitable[FastConnection]], limit: int, *, by_key: bool) -> None:
        self._opened = opened
        self._limit = limit
        self._by_key = by_key
        self._idle: OrderedDict[FastConnection, None] = OrderedDict()  # least recently used first
        self._idle_of: dict[str, list[FastConnection]] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.busy: set[FastConnection] = set()
        self._promised = 0  # connections being opened

    def take_rested(self, key: str) -> FastConnection | None:
        """A connection for one request, if one is free and nobody has to wait for it."""
        if self._limit and len(self.busy) + self._promised >= self._limit:
            return None
        connection = self._rested(key if self._by_key else "")
        if connection is not None:
            self.busy.add(connection)
        return connection

    async def take(self, key: str, *, at_once: bool, fresh: bool = False) -> FastConnection:
        """The same, waiting or opening one. `at_once`: past the limit if need be; `fresh`: one that never was used."""
        key = key if self._by_key else ""
        while self._limit and not at_once and len(self.busy) + self._promised >= self._limit:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake()  # the turn was ours, and goes to the next one
                raise
        connection = None if fresh else self._rested(key)
        if connection is None:
            connection = await self._new(key)
        self.busy.add(connection)
        return connection

    def give_back(self, connection: FastConnection) -> None:
        self.busy.discard(connection)
        if connection.is_usable:
            connection.is_reused = True
            self._idle[connection] = None
            self._idle_of.setdefault(connection.key, []).append(connection)
            if len(self._idle) > MOST_IDLE:
                self._forget(next(iter(self._idle))).close()
        else:
            connection.close()
        if self._waiting:
            self._wake()

    def close(self) -> None:
        for connection in (*self._idle, *self.busy):
            connection.close()
        self._idle.clear()
        self._idle_of.clear()

    def _rested(self, key: str) -> FastConnection | None:
        """The one used last is the least likely to be closed by the server."""
        idle = self._idle_of.get(key)
        while idle:
            connection = idle.pop()
            del self._idle[connection]
            if not idle:
                del self._idle_of[key]
            if connection.is_quiet():
                return connection
            connection.close()
        return None

    async def _new(self, key: str) -> FastConnection:
        if self._limit and len(self._idle) + len(self.busy) + self._promised >= self._limit and self._idle:
            self._forget(next(iter(self._idle))).close()
        self._promised += 1
        try:
            connection = await self._opened()
        except BaseException:
            self._wake()
            raise
        finally:
            self._promised -= 1
        connection.key = key
        return connection

    def _forget(self, connection: FastConnection) -> FastConnection:
        del self._idle[connection]
        rest = self._idle_of[connection.key]
        rest.remove(connection)
        if not rest:
            del self._idle_of[connection.key]
        return connection

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
