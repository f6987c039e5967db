"""Keeps a writer running for the supervisor: another one when it dies, and its last word at the end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from replay.model.errors import ReplayError
from replay.record.account import Standing
from replay.record.attention import Attention
from replay.record.journal import Journal
from replay.record.link import ChildLink
from replay.record.recording import WRITER_SECONDS
from replay.record.writer_process import WriterOrder, WriterProcess

_FIRST_BACKOFF_SECONDS = 0.1
_LONGEST_BACKOFF_SECONDS = 30.0
_HELD_SECONDS = 60.0  # a writer that ran for so long did not die of its start
_HURRIED_SECONDS = 0.5  # after a second signal
_LONGEST_PAUSE_AT_END_SECONDS = 0.5


class WriterKeeper:
    """`open` it, let `keep` run, and call `end`: `keep` then returns the writer's last word."""

    def __init__(self, order: WriterOrder, journal: Journal) -> None:
        self._order = order
        self._journal = journal
        self._attention = Attention()
        self._ending = False
        self._seconds = WRITER_SECONDS
        self._backoff = _FIRST_BACKOFF_SECONDS
        self.process: WriterProcess | None = None
        self.start = Standing()  # what the file counted before this recording
        self.known = Standing()  # what a writer said last to be stored
        self.restarts = 0

    async def open(self) -> None:
        """Raises ReplayError when the capture cannot be opened."""
        self.process = await asyncio.to_thread(WriterProcess, self._order)
        self.start = self.known = self.process.standing
        self._order = replace(self._order, start=self.start)

    def end(self, *, is_hurried: bool) -> None:
        """No worker is left: what they handed over is to be committed, or at a second signal what is read of it."""
        self._ending = True
        self._seconds = _HURRIED_SECONDS if is_hurried else WRITER_SECONDS
        self._attention.wake()

    async def keep(self) -> Standing | None:
        """Until `end`. None: there was no last word."""
        last_tries = 2
        while True:
            if self.process is None and not await self._open_another():
                last_tries -= self._ending
                if self._ending and not last_tries:
                    return None
                await self._attention.pause(self._pause())
                continue
            if not self._ending:
                await self._watch()
            if self._ending and self.process is not None:
                last = await self._finish(self.process)
                last_tries -= 1
                if last is not None or not last_tries:
                    return last

    def _pause(self) -> float:
        return min(self._backoff, _LONGEST_PAUSE_AT_END_SECONDS) if self._ending else self._backoff

    async def _watch(self) -> None:
        process = self.process
        if process is None:
            return
        began = asyncio.get_running_loop().time()
        if not await self._attention.hear(process, self._listen):
            return
        self._listen()
        status = await Attention.reap(process)
        self.process = None
        if asyncio.get_running_loop().time() - began > _HELD_SECONDS:
            self._backoff = _FIRST_BACKOFF_SECONDS
        if not self._ending:
            self._journal.warn("writer-ended", "the writer process ended; another one is started", status=status)
            await self._attention.pause(self._backoff)
            self._backoff = min(self._backoff * 2, _LONGEST_BACKOFF_SECONDS)

    def _listen(self) -> None:
        if self.process is not None:
            self.process.listen()
            self.known = self.process.latest

    async def _open_another(self) -> bool:
        order = ChildLink.next_order(self._order)
        if not order.append:
            self._journal.warn(
                "capture-gone",
                f"{order.capture} is no longer there: a new one is begun, what was in the old one is lost",
            )
        try:
            process = await asyncio.to_thread(WriterProcess, order)
        except ReplayError as error:
            self._journal.warn("writer-missing", f"no writer can be started: {error}")
            self._backoff = min(self._backoff * 2, _LONGEST_BACKOFF_SECONDS)
            return False
        self._order, self.process = order, process
        self.start, self.known = order.start or process.standing, process.standing
        self.restarts += 1
        return True

    async def _finish(self, process: WriterProcess) -> Standing | None:
        last = await asyncio.to_thread(process.finish, self._seconds)
        self.known = process.latest
        if process.is_alive:  # it does not read; it will finish the file when it does
            return None
        self.process = None
        return last
