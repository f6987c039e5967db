"""`replay record` itself: starts the writer and the proxy workers, keeps them running, and ends them in order.

    supervisor ─┬─ writer      redacts and commits        ◀─unix socket─┐
                ├─ worker 0    mitmproxy, addon, queue ─────────────────┤
                └─ worker 1 …  (they share one port)   ─────────────────┘

SIGTERM or SIGINT: workers finish what is in flight (10 s by default) and hand over (8 s) -> the writer commits -> one
sentence. A second signal cuts all of it short, and counts what stays behind. If this process is killed, its children
see their stdin end and do the same alone.

Rule: no mitmproxy here, and no traffic: this process holds the key, the counters, the authority of the workers'
certificates, and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from replay.model.errors import RecordError
from replay.record.account import RecordSummary, summary_of
from replay.record.balance import Account, account_of
from replay.record.journal import Journal
from replay.record.ledger import Ledger
from replay.record.loss_news import LossNews, sentence
from replay.record.private_memory import keep_memory_private, may_be_swapped
from replay.record.proxy.authority import open_authority
from replay.record.proxy.plan import ProxyPlan
from replay.record.proxy.reach import upstream_warning
from replay.record.proxy.sharing import check_port, hold_port
from replay.record.recording import RecordPlan, serve_health
from replay.record.worker_keeper import WorkerKeeper
from replay.record.worker_process import WorkerOrder
from replay.record.writer_keeper import WriterKeeper
from replay.record.writer_process import WriterOrder, has_capture

_KEY_LOGS = ("SSLKEYLOGFILE", "MITMPROXY_SSLKEYLOGFILE")
# By default the whole end fits into the 30 s of an orchestrator, whatever hangs: 20 + 2 + 1 here, 6 for the writer.
_HAND_OVER_SECONDS = 10.0  # after what is in flight a worker has 8 s for its queue
_HURRY_SECONDS = 2.0
_KILL_SECONDS = 1.0
_NEWS_SECONDS = 60.0
_LONGEST_SOCKET_PATH = 100  # sockaddr_un takes 108 bytes on Linux, 104 on macOS
_WAITING = 64  # connections that a starting writer has not accepted yet


@dataclass(frozen=True, slots=True)
class SupervisorPlan:
    """What to record, how to pass it on, and in how many processes."""

    record: RecordPlan
    proxy: ProxyPlan
    workers: int = 1


def supervise(plan: SupervisorPlan, journal: Journal) -> RecordSummary:
    """Record until a signal ends it. Raises ReplayError when it cannot start, or cannot go on."""
    leaking = next((name for name in _KEY_LOGS if os.environ.get(name)), "")
    if leaking:
        raise RecordError(f"{leaking} is set: it would write the TLS keys of recorded traffic to disk; unset it")
    keep_memory_private()
    with ExitStack() as held:
        if plan.workers > 1:
            proxy, holder = hold_port(plan.proxy)
            held.callback(holder.close)
            plan = replace(plan, proxy=proxy)
        elif plan.proxy.port:
            check_port(plan.proxy.host, plan.proxy.port)
        path, listener = _meeting_place(held)
        ledger = Ledger.create(plan.workers)
        held.callback(ledger.close)
        authority = open_authority()
        held.callback(os.close, authority)
        return asyncio.run(_Supervisor(plan, journal, ledger, path, listener, authority).run())


class _Supervisor:
    def __init__(
        self,
        plan: SupervisorPlan,
        journal: Journal,
        ledger: Ledger,
        path: str,
        listener: socket.socket,
        authority: int,
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._ledger = ledger
        self._news = asyncio.Event()
        self._signals = 0
        token = secrets.token_bytes(16)
        order = _writer_order(plan.record, ledger, listener, token)
        self._appends = order.append
        self._writer = WriterKeeper(order, journal)
        self._workers = [
            WorkerKeeper(_worker_order(plan, path, token, ledger, slot, authority), ledger, journal, self._news.set)
            for slot in range(plan.workers)
        ]

    async def run(self) -> RecordSummary:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal)
        metrics = self._plan.record.settings.metrics
        with ExitStack() as held:
            if metrics:
                health = serve_health(metrics, self.account)
                held.callback(health.close)
                host, port = health.address
                where = f"http://{f'[{host}]' if ':' in host else host}:{port}"
                self._journal.info("metrics", f"metrics on {where}/metrics", host=host, port=port)
            await self._writer.open()
            async with asyncio.TaskGroup() as group:
                last_word = group.create_task(self._writer.keep())
                workers = [group.create_task(worker.keep()) for worker in self._workers]
                news = group.create_task(self._tell_losses())
                has_listened = await self._serve()
                news.cancel()
                await self._end(workers)
                self._writer.end(is_hurried=self._signals > 1)
        summary = summary_of(self._ledger.read(), self._writer.start, last_word.result(), self._writer.known)
        self._judge(summary, has_listened=has_listened)
        return summary

    def account(self) -> Account:
        """How it stands now; called by the health server's threads."""
        writer, process = self._writer, self._writer.process
        return account_of(
            self._ledger.read(),
            start=writer.start,
            known=process.latest if process else writer.known,
            opened=process.standing if process else None,
            state=process.state if process else None,
            now=time.monotonic(),
            writer_restarts=writer.restarts,
            worker_restarts=sum(worker.restarts for worker in self._workers),
            workers=sum(worker.address is not None for worker in self._workers),
        )

    async def _tell_losses(self) -> None:
        """Once a minute, while there are any; the last word is said at the end."""
        news = LossNews()
        while True:
            await asyncio.sleep(_NEWS_SECONDS)
            losses = news.since_last(self.account())
            if losses:
                self._journal.warn("losses", sentence(losses, _NEWS_SECONDS), **losses)

    async def _serve(self) -> bool:
        """From the first worker's start to the signal. False when it never came to listen."""
        await self._until(lambda: all(worker.address for worker in self._workers))
        if not all(worker.address for worker in self._workers):
            return False
        host, port = self._workers[0].address or ("", 0)
        shown = f"[{host}]" if ":" in host else host
        where = ", ".join(mode.removeprefix("reverse:") for mode in self._plan.proxy.modes)
        capture = self._plan.record.capture
        told = f"recording http://{shown}:{port} -> {where} into {capture}"
        self._journal.info("recording", told, host=host, port=port, capture=str(capture), workers=len(self._workers))
        self._journal.info("memory", may_be_swapped=may_be_swapped())
        warning = await upstream_warning(self._plan.proxy)
        if warning:
            self._journal.warn("upstream", warning)
        await self._until(lambda: False)
        return True

    async def _end(self, workers: list[asyncio.Task[None]]) -> None:
        """No new connections; what is in flight may finish; then whoever is left is killed."""
        self._journal.info("draining")
        signals = self._signals
        seconds = self._plan.record.settings.drain_seconds + _HAND_OVER_SECONDS
        for worker in self._workers:
            worker.end()
        await self._until_ended(workers, seconds, lambda: self._signals > max(1, signals))
        for worker in self._workers:
            worker.hurry()
        await self._until_ended(workers, _HURRY_SECONDS, lambda: False)
        for worker in self._workers:
            worker.kill()
        await self._until_ended(workers, _KILL_SECONDS, lambda: False)

    async def _until_ended(
        self, workers: list[asyncio.Task[None]], seconds: float, is_enough: Callable[[], bool]
    ) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (is_enough() or all(worker.done() for worker in workers)):
                    self._news.clear()
                    await self._news.wait()

    async def _until(self, is_so: Callable[[], bool]) -> None:
        """Or until a signal, or a worker that cannot be had."""
        while not (is_so() or self._signals or any(worker.failure for worker in self._workers)):
            self._news.clear()
            await self._news.wait()

    def _on_signal(self) -> None:
        self._signals += 1
        self._news.set()

    def _judge(self, summary: RecordSummary, *, has_listened: bool) -> None:
        """A start or a recording that failed is an error with a sentence."""
        failure = next((worker.failure for worker in self._workers if worker.failure), "")
        if not failure:
            return
        capture = self._plan.record.capture
        if not has_listened and not self._appends and not summary.captured:
            capture.unlink(missing_ok=True)  # nothing is in it, and it would be in the way of the next try
        if has_listened:
            self._journal.warn("finished", f"{capture}: {summary.sentence()}")
            raise RecordError(f"no proxy worker can be started any more, so the recording has ended: {failure}")
        raise RecordError(failure)


def _meeting_place(held: ExitStack) -> tuple[str, socket.socket]:
    """A socket where workers find the writer, in a folder that only this user may enter."""
    folder = held.enter_context(tempfile.TemporaryDirectory(prefix="replay-", ignore_cleanup_errors=True))
    if len(folder) > _LONGEST_SOCKET_PATH - 10:
        folder = held.enter_context(
            tempfile.TemporaryDirectory(prefix="replay-", dir="/tmp", ignore_cleanup_errors=True)
        )
    path = str(Path(folder) / "writer")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    held.callback(listener.close)
    listener.bind(path)
    listener.listen(_WAITING)
    return path, listener


def _writer_order(plan: RecordPlan, ledger: Ledger, listener: socket.socket, token: bytes) -> WriterOrder:
    append = plan.append and has_capture(plan.capture)
    settings = plan.settings.to_wire()
    return WriterOrder(
        plan.capture, plan.key, settings, plan.created, append, ledger.fd, listener=listener.fileno(), token=token
    )


def _worker_order(
    plan: SupervisorPlan, path: str, token: bytes, ledger: Ledger, slot: int, authority: int
) -> WorkerOrder:
    settings = plan.record.settings
    share = replace(settings, queue_bytes=max(1 << 20, settings.queue_bytes // plan.workers), metrics="")
    record = plan.record
    return WorkerOrder(plan.proxy, share, record.capture, record.created, path, token, ledger.fd, slot, authority)
