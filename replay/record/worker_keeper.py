"""Keeps one proxy worker running for the supervisor: another one when it dies, with what was lost counted."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from replay.model.errors import ReplayError
from replay.record.attention import Attention
from replay.record.journal import Journal
from replay.record.ledger import Ledger
from replay.record.worker_process import WorkerOrder, WorkerProcess

_START_SECONDS = 30.0
_TRIES = 3
_FIRST_BACKOFF_SECONDS = 0.1
_LONGEST_BACKOFF_SECONDS = 10.0


class WorkerKeeper:
    """`keep` runs until `end`, or until a worker cannot be started: `failure` then says why. `on_news`: look again."""

    def __init__(self, order: WorkerOrder, ledger: Ledger, journal: Journal, on_news: Callable[[], None]) -> None:
        self._order = order
        self._ledger = ledger
        self._journal = journal
        self._on_news = on_news
        self._attention = Attention()
        self._process: WorkerProcess | None = None
        self._error = ""
        self._ending = False
        self.address: tuple[str, int] | None = None  # while it listens
        self.restarts = 0
        self.failure = ""

    def end(self) -> None:
        """Finish what is in flight."""
        self._ending = True
        if self._process:
            self._process.drain()
        self._attention.wake()

    def hurry(self) -> None:
        """Cut it off."""
        self._ending = True
        if self._process:
            self._process.hurry()

    def kill(self) -> None:
        """It does not end."""
        if self._process:
            self._process.send_kill()

    async def keep(self) -> None:
        tries, backoff, has_listened = 0, _FIRST_BACKOFF_SECONDS, False
        while not self._is_ending():
            listened, status = await self._run_one()
            lost = self._ledger.bury(self._order.slot)
            has_listened, tries = has_listened or listened, 0 if listened else tries + 1
            if self._is_ending():
                break
            if not has_listened or tries == _TRIES:
                self.failure = self._error or f"a proxy worker ended at its start ({_cause(status)})"
                break
            self.restarts += 1
            sentence = f"a proxy worker ended ({_cause(status)}), {lost} exchanges with it; another one is started"
            self._journal.warn("worker-ended", sentence, slot=self._order.slot, status=status, lost=lost)
            backoff = _FIRST_BACKOFF_SECONDS if listened else min(backoff * 2, _LONGEST_BACKOFF_SECONDS)
            await self._attention.pause(backoff)
        self._on_news()

    def _is_ending(self) -> bool:
        return self._ending

    async def _run_one(self) -> tuple[bool, int]:
        """Start one and wait for its end: whether it had listened, and its exit status."""
        self._error = ""
        try:
            process = self._process = WorkerProcess(self._order)
        except ReplayError as error:
            self._error = str(error)
            return False, 0
        has_listened = await self._hear(process)
        self.address, self._process = None, None
        status = await Attention.reap(process)
        self._on_news()
        return has_listened, status

    async def _hear(self, process: WorkerProcess) -> bool:
        listened = False

        def read() -> None:
            nonlocal listened
            for line in process.lines():
                listened = listened or line["event"] == "listening"
                self._take(line)

        patience: float | None = _START_SECONDS
        while not await self._attention.hear(process, read, patience):
            if not process.is_alive:
                break
            if patience is not None and not listened and not self._ending:
                process.send_kill()
                self._error = f"a proxy worker did not get ready in {_START_SECONDS:.0f} s"
            patience = None
        return listened

    def _take(self, line: dict[str, Any]) -> None:
        match line["event"]:
            case "listening":
                self.address = (line["host"], line["port"])
                if self._order.proxy.port == 0:  # the next one must be where clients know this one
                    self._order = replace(self._order, proxy=replace(self._order.proxy, port=line["port"]))
                self._on_news()
            case "say":
                self._journal.warn("proxy", line["sentence"], slot=self._order.slot)
            case "error":
                self._error = line["sentence"]


def _cause(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
