"""A run with several workers: processes that play a shard each, and one file in the end.

    request -> worker 1: --shard 1/N, RUN.db.1 \
            -> worker N: --shard N/N, RUN.db.N  -> merged into RUN.db

Rule: a worker that dies is started again once and goes on where it was; when it dies again its share is not judged.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from replay.compose.guarding import begin_alone
from replay.compose.run_files import has_begun
from replay.compose.runs import Listener, RunRequest, execute
from replay.compose.worker_parts import finished_parts, merge_parts, part_path, require_free
from replay.engine.clock import SystemClock
from replay.engine.drive import StopFlag
from replay.model.errors import ReplayError, UsageError
from replay.model.event import Event, Progress, RunEnded
from replay.model.finding import NotJudged
from replay.pace.budget import share_of
from replay.pace.builtin import plan_for
from replay.play.groups import Shard
from replay.store.capture_reader import CaptureReader
from replay.store.run_pending import pending_path
from replay.wire.loops import loop_factory
from replay.wire.target import Target, refuse_origin

LOST_WORKER = "lost-worker"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
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

    def is_wanted(self, *, is_stopped: bool) -> bool:
        """It is to be started. A run that is stopped before it began starts its workers, too: they write the parts."""
        is_open = not self.is_done and not self.error and self.process is None
        return is_open and self.tries < (1 if is_stopped else _TRIES)


async def execute_with_workers(request: RunRequest, count: int, listeners: Sequence[Listener], stop: StopFlag) -> None:
    """As `runs.execute`, by `count` processes. Raises ReplayError when the run is refused."""
    if request.shard is not None:
        raise UsageError("--workers cuts the capture into shards itself: leave --shard out.")
    if not 1 <= count <= _MOST_WORKERS:
        raise UsageError(f"--workers takes a number from 1 to {_MOST_WORKERS}.")
    workers = [_Worker(_share(request, Shard(number, count))) for number in range(1, count + 1)]
    parts = [worker.request.out for worker in workers]
    if request.resume:
        finished = finished_parts(request.out, [worker.request for worker in workers])
        for worker in workers:
            worker.is_done = worker.request.out in finished
            worker.request = replace(worker.request, resume=worker.request.out.exists())
    else:
        require_free(request.out, parts)
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
    lost = [
        NotJudged(LOST_WORKER, f"the worker of shard {one.request.shard} {why}: its share is not judged", "", "all")
        for one in workers
        if (why := _lost(one))
    ]
    merge_parts(request.out, parts, lost, resume=request.resume)


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
    """A worker's own request: its part of the sessions and of the concurrency. Raises UsageError."""
    concurrency = share_of(request.settings.concurrency, shard.number - 1, shard.of, "--concurrency")
    settings = replace(request.settings, concurrency=concurrency)
    safety = request.safety.share(shard.number - 1, shard.of)
    pace, shapes = replace(request.pace, workers=shard.of, worker=shard.number - 1), request.shapes.share(shard.of)
    plan_for(pace)  # what cannot be shared is said before anything is sent
    shared = replace(request, shard=shard, settings=settings, safety=safety, pace=pace, shapes=shapes)
    return replace(shared, out=part_path(request.out, shard.number))


async def _until_done(workers: Sequence[_Worker], listeners: Sequence[Listener], stop: StopFlag) -> None:
    told = False
    while True:
        is_over = stop.is_set or any(worker.error for worker in workers)
        for worker in workers:
            _look(worker, is_stopped=is_over)
        for listener in listeners:
            listener.on_event(_progress(workers))
        is_over = stop.is_set or any(worker.error for worker in workers)
        if not any(worker.process or worker.is_wanted(is_stopped=is_over) for worker in workers):
            return
        if is_over and not told:
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
        if worker.is_wanted(is_stopped=is_stopped):
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
    resource_tracker.ensure_running()  # started later it would lift the mask
    with _unheard():
        worker.process.start()
    there.close()


@contextmanager
def _unheard() -> Iterator[None]:
    """A process that is started here hears no signal before it has said what to do at one: until then they wait."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _forget(worker: _Worker) -> None:
    if worker.process is not None:
        worker.process.join()
    if worker.news is not None:
        worker.news.close()
    worker.process = worker.news = None


def _progress(workers: Sequence[_Worker]) -> Progress:
    done = sum(worker.is_done for worker in workers)
    return Progress("workers", done, len(workers), sum(worker.sent for worker in workers))


def _lost(worker: _Worker) -> str:
    """Why nobody goes on with its share; empty: somebody can, or nobody needs to."""
    if worker.is_lost:
        return "died twice"
    has_part = worker.request.out.exists() and has_begun(worker.request.out)
    return "" if worker.is_done or has_part else "ended before its run began"


def _work(request: RunRequest, news: Connection) -> None:
    """The worker's own process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_play(request, news))
        _tell(news, "done", 0)
    except ReplayError as error:
        _tell(news, "refused", str(error))
    finally:
        news.close()


async def _play(request: RunRequest, news: Connection) -> None:
    """SIGTERM once, or the parent's death: drain, save, end. Twice: end now. Ctrl-C reaches the parent, which tells."""
    stop = StopFlag()
    playing = asyncio.current_task()
    loop = asyncio.get_running_loop()
    parent = parent_process()

    def signalled() -> None:
        if stop.is_set and playing is not None:
            playing.cancel()
        stop.set()

    def orphaned() -> None:
        if parent is not None:
            loop.remove_reader(parent.sentinel)
        stop.set()

    loop.add_signal_handler(signal.SIGTERM, signalled)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    if parent is not None:
        loop.add_reader(parent.sentinel, orphaned)  # the end of a pipe: the kernel closes it, however the parent dies
    await execute(request, (_Teller(news),), stop)


def _tell(news: Connection, word: str, value: object) -> None:
    with suppress(OSError):  # the parent may be gone; what was answered is still saved
        news.send((word, value))


class _Teller:
    """Tells the parent how many requests were sent."""

    def __init__(self, news: Connection) -> None:
        self._news = news

    def on_event(self, event: Event) -> None:
        if isinstance(event, Progress):
            _tell(self._news, "sent", event.requests_sent)
        elif isinstance(event, RunEnded):
            _tell(self._news, "sent", event.summary.requests_sent)
