"""A run with several workers: processes that play a shard each, and one file in the end.

    request -> worker 1: --shard 1/N, RUN.db.1 \
            -> worker N: --shard N/N, RUN.db.N  -> merged into RUN.db

Rule: a worker that dies is started again once and goes on where it was; when it dies again its share is not judged.
"""

from __future__ import annotations

import asyncio
import math
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from replay.compose.guarding import begin_alone
from replay.compose.merging import merge_runs
from replay.compose.runs import Listener, RunRequest, execute
from replay.engine.clock import SystemClock
from replay.engine.drive import StopFlag
from replay.model.errors import ReplayError, UsageError
from replay.model.event import Event, Progress, RunEnded
from replay.model.finding import NotJudged
from replay.play.groups import Shard
from replay.store.capture_reader import CaptureReader
from replay.store.run_pending import pending_path
from replay.store.run_reader import RunReader
from replay.wire.loops import loop_factory
from replay.wire.target import Target, refuse_origin

LOST_WORKER = "lost-worker"
_LOOK_SECONDS = 0.1  # how often the workers are asked how far they are
_TRIES = 2
_MOST_WORKERS = 64


@dataclass(slots=True)
class _Worker:
    request: RunRequest
    process: BaseProcess | None = None
    news: Connection | None = None
    sent: int = 0
    tries: int = 0
    error: str = ""  # a sentence for the user: the run was refused
    is_done: bool = False

    @property
    def is_lost(self) -> bool:
        return not self.is_done and not self.error and self.tries >= _TRIES and self.process is None


async def execute_with_workers(request: RunRequest, count: int, listeners: Sequence[Listener], stop: StopFlag) -> None:
    """As `runs.execute`, by `count` processes. Raises ReplayError when the run is refused."""
    if request.shard is not None:
        raise UsageError("--workers cuts the capture into shards itself: leave --shard out.")
    if not 1 <= count <= _MOST_WORKERS:
        raise UsageError(f"--workers takes a number from 1 to {_MOST_WORKERS}.")
    workers = [_Worker(_share(request, Shard(number, count))) for number in range(1, count + 1)]
    if request.resume:
        _require_parts(request.out, workers)
    else:
        await begin_alone(request.safety, request.target, "workers", SystemClock().now, _not_origin(request))
    try:
        await _until_done(workers, listeners, stop)
    finally:
        for worker in workers:
            if worker.process is not None:
                worker.process.terminate()
                worker.process.join()
    refused = next((worker.error for worker in workers if worker.error), "")
    if refused:
        raise ReplayError(refused)
    _merge(request.out, workers)


def _not_origin(request: RunRequest) -> Callable[[Target], None]:
    """Raises TargetError for where the capture was recorded."""

    def check(target: Target) -> None:
        reader = CaptureReader.open(request.capture, request.unlock)
        try:
            info = reader.info()
        finally:
            reader.close()
        if not request.allow_origin:
            refuse_origin(target, info.origins, info.id)

    return check


def _share(request: RunRequest, shard: Shard) -> RunRequest:
    """A worker's own request: its part of the sessions and of the concurrency."""
    concurrency = math.ceil(request.settings.concurrency / shard.of)
    settings = replace(request.settings, concurrency=concurrency)
    safety = request.safety.share(shard.number - 1, shard.of)
    pace, shapes = replace(request.pace, workers=shard.of), request.shapes.share(shard.of)
    shared = replace(request, shard=shard, settings=settings, safety=safety, pace=pace, shapes=shapes)
    return replace(shared, out=part_path(request.out, shard.number))


def part_path(out: Path, number: int) -> Path:
    return out.with_name(f"{out.name}.{number}")


def _require_parts(out: Path, workers: Sequence[_Worker]) -> None:
    """A merged file of an interrupted run is made anew from the parts that stand beside it."""
    if not any(worker.request.out.exists() for worker in workers):
        raise UsageError(f"{out} has no parts beside it: resume it without --workers, or begin a new run file.")
    for worker in workers:
        path = worker.request.out
        if path.exists() and _is_finished(path):
            worker.is_done = True
        elif not path.exists():
            worker.request = replace(worker.request, resume=False)
    out.unlink(missing_ok=True)


def _is_finished(path: Path) -> bool:
    reader = RunReader(path)
    try:
        return reader.info().finished
    finally:
        reader.close()


async def _until_done(workers: Sequence[_Worker], listeners: Sequence[Listener], stop: StopFlag) -> None:
    told = False
    while True:
        for worker in workers:
            _look(worker, is_stopped=stop.is_set)
        for listener in listeners:
            listener.on_event(_progress(workers))
        if not any(worker.process for worker in workers):
            return
        is_refused = any(worker.error for worker in workers)
        if (stop.is_set or is_refused) and not told:
            told = True
            for worker in workers:
                if worker.process is not None:
                    worker.process.terminate()  # SIGTERM: it drains, saves and ends
        await asyncio.sleep(_LOOK_SECONDS)


def _look(worker: _Worker, *, is_stopped: bool) -> None:
    """Take in what it said; start it when it has not begun, or died once."""
    if worker.is_done or worker.error:
        if worker.process is not None and not worker.process.is_alive():
            _forget(worker)
        return
    if worker.process is None:
        if worker.tries < _TRIES and not is_stopped:
            _start(worker)
        return
    is_alive = worker.process.is_alive()  # asked before what it said last is read
    with suppress(EOFError, OSError):
        while worker.news is not None and worker.news.poll():
            word, value = worker.news.recv()
            worker.sent = value if word == "sent" else worker.sent
            worker.is_done = worker.is_done or word == "done"
            worker.error = value if word == "refused" else worker.error
    if not is_alive:
        _forget(worker)


def _start(worker: _Worker) -> None:
    goes_on = worker.request.out.exists() and (worker.request.resume or worker.tries > 0)
    if worker.tries and not goes_on:  # it died before it had a file
        pending_path(worker.request.out).unlink(missing_ok=True)
    worker.tries += 1
    context = get_context("spawn")  # a fork would share sockets, files and locks
    here, there = context.Pipe(duplex=False)
    request = replace(worker.request, resume=goes_on)
    worker.process = context.Process(target=_work, args=(request, there), name=f"replay worker {request.shard}")
    worker.news = here
    worker.process.start()
    there.close()


def _forget(worker: _Worker) -> None:
    if worker.process is not None:
        worker.process.join()
    if worker.news is not None:
        worker.news.close()
    worker.process = worker.news = None


def _progress(workers: Sequence[_Worker]) -> Progress:
    done = sum(worker.is_done for worker in workers)
    return Progress("workers", done, len(workers), sum(worker.sent for worker in workers))


def _merge(out: Path, workers: Sequence[_Worker]) -> None:
    """One file of all parts; they are removed when nothing is left to go on with."""
    lost = [worker for worker in workers if worker.is_lost]
    verdicts = [
        NotJudged(
            LOST_WORKER, f"the worker of shard {one.request.shard} died twice: its share is not judged", "", "all"
        )
        for one in lost
    ]
    parts = [worker.request.out for worker in workers if worker.request.out.exists()]
    if not parts:
        raise ReplayError("No worker came to the point of writing a run file: run without --workers to see why.")
    merge_runs(parts, out, verdicts)
    if not lost and all(_is_finished(part) for part in parts):
        for part in parts:
            part.unlink()


def _work(request: RunRequest, news: Connection) -> None:
    """The worker's own process."""
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_play(request, news))
        news.send(("done", 0))
    except ReplayError as error:
        news.send(("refused", str(error)))
    finally:
        news.close()


async def _play(request: RunRequest, news: Connection) -> None:
    """SIGTERM once: drain, save, end. Twice: end now. Ctrl-C reaches the parent, which says it on."""
    stop = StopFlag()
    playing = asyncio.current_task()
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def signalled() -> None:
        if stop.is_set and playing is not None:
            playing.cancel()
        stop.set()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signalled)
    await execute(request, (_Teller(news),), stop)


class _Teller:
    """Tells the parent how many requests were sent."""

    def __init__(self, news: Connection) -> None:
        self._news = news

    def on_event(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._news.send(("sent", event.requests_sent))
        elif isinstance(event, RunEnded):
            self._news.send(("sent", event.summary.requests_sent))
